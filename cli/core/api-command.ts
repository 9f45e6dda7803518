/** The common part of all commands that call the controller. */
import type { ApiClient, Call } from './client';
import type { Context } from './command';
import { EXIT, UsageError } from '../io/errors';
import type { ApiContext } from './flags';
import type { Resource } from './resource';

/** Runs `work` with a client that is closed afterwards. */
export async function withClient(
  context: ApiContext,
  work: (client: ApiClient) => Promise<number>,
  options: { anonymous?: boolean } = {},
): Promise<number> {
  const module = await import('./client');
  const client = await module.ApiClient.open(context, options);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** Prints an item and answers the exit status. */
export function showItem<T extends object>(
  context: Context,
  item: T | undefined,
  lines: (item: T) => string[],
): number {
  if (context.printer.format === 'json') context.printer.json({ status_code: 200, item });
  else context.printer.table(lines(item ?? ({} as T)));
  return EXIT.ok;
}

export function requiredId({ args }: Context<{ id: string }>): string {
  if (args.id === '') throw new UsageError('An ID is required but not passed in; use -id');
  return args.id;
}

/** The version to base a change on: that of the flag, else the current one. */
export async function currentVersion(
  { args: { version = 0 } }: { args: { id: string; version?: number | undefined } },
  client: ApiClient,
  resource: Resource,
  call: Pick<Call, 'action' | 'attempt'> & { id: string },
): Promise<number> {
  if (version !== 0) return version;
  const answer = await client.call({
    service: await resource.service(),
    method: `get${resource.message}`,
    request: { id: call.id },
    action: call.action,
    attempt: call.attempt,
    preliminary: true,
  });
  return Number((answer.item as { version?: number } | undefined)?.version ?? 0);
}
