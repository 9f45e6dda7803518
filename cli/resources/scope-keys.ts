/** Commands about the keys of a scope. */
import { withClient } from '../core/api-command';
import type { ApiClient } from '../core/client';
import type { Command, Context, Flag } from '../core/command';
import { EXIT, UsageError } from '../io/errors';
import { apiFlags, type ApiContext } from '../core/flags';
import { scopes } from './scopes';

/**
 * The flag has neither a default nor a variable, because keys of a wrong scope are a serious
 * mistake.
 */
const KEY_SCOPE = {
  name: 'scope-id',
  type: 'string',
  description: 'Id of the scope that the keys are of.',
} as const satisfies Flag;

/** What the methods answer, those with items and the one with a state. */
interface KeyAnswer {
  readonly items?: readonly object[] | undefined;
  readonly state?: string | undefined;
}

interface KeyCommand<F extends Flag> {
  synopsis: string;
  description?: string;
  examples: readonly string[];
  /** `list-keys`: names the action in errors. */
  verb: string;
  /** `listing scope keys`: the same in errors of the controller. */
  doing: string;
  /** Key in the service definition. */
  method: 'listKeys' | 'rotateKeys' | 'listKeyVersionDestructionJobs' | 'destroyKeyVersion';
  /** Field of the request that names the scope. */
  scopeField: 'id' | 'scope_id';
  flags?: readonly F[];
  /** Further fields of the request. */
  request?(context: ApiContext<F>): Record<string, unknown>;
  /** Prints the answer. */
  show(context: ApiContext, answer: KeyAnswer): void;
}

export const keyCommand = <const F extends Flag = never>(options: KeyCommand<F>): Command => ({
  synopsis: options.synopsis,
  ...(options.description === undefined ? {} : { description: options.description }),
  examples: options.examples,
  flags: apiFlags(KEY_SCOPE, ...(options.flags ?? [])),
  run: async (context: ApiContext<F> & Context<{ 'scope-id': string }>) => {
    const scopeId = context.args['scope-id'];
    if (scopeId === '') throw new UsageError('Scope ID must be passed in via -scope-id');
    const request = { [options.scopeField]: scopeId, ...options.request?.(context) };
    return withClient(context, async (client: ApiClient) => {
      const answer = await client.call({
        service: await scopes.service(),
        method: options.method,
        request,
        action: `${options.verb} on scope`,
        doing: options.doing,
        attempt: `${options.verb.replaceAll('-', ' ')} of a scope`,
      });
      options.show(context, answer);
      return EXIT.ok;
    });
  },
});

/** Shows the items of an answer as the table, or as JSON. */
export const showItems =
  <T extends object>(table: (items: readonly T[]) => string[]) =>
  ({ printer }: Context, answer: KeyAnswer): void => {
    const items = (answer.items ?? []) as readonly T[];
    if (printer.format === 'json') printer.json({ status_code: 200, items: items.length === 0 ? null : items });
    else printer.table(table(items));
  };
