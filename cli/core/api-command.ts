/** What every command that calls the controller does. */
import type { ApiClient, Call } from './client';
import type { Context } from './command';
import { EXIT, UsageError } from './errors';
import type { Resource } from './resource';

/** Runs `work` with a client that is closed afterwards. */
export async function withClient(
  context: Context,
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
export function showItem(context: Context, item: unknown, lines: (item: any) => string[]): number {
  if (context.printer.format === 'json') context.printer.json({ status_code: 200, item });
  else context.printer.table(lines(item ?? {}));
  return EXIT.ok;
}

/** The id that `-id`, or an alias where one is allowed, gives. */
export function requiredId({ values }: Context): string {
  const id = values.text('id') || (values.alias ?? '');
  if (id === '') throw new UsageError('An ID is required but not passed in; use -id');
  return id;
}

/** The version to base a change on: that of the flag, else the current one. */
export async function currentVersion(
  context: Context,
  client: ApiClient,
  resource: Resource,
  call: Pick<Call, 'action' | 'attempt'> & { id: string },
): Promise<number> {
  const given = context.values.has('version') ? (context.values.int('version') ?? 0) : 0;
  if (given !== 0) return given;
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
