import { currentVersion, requiredId, showItem, withClient } from '../core/api-command';
import { idFlag } from '../core/builders';
import type { Command, Context, Flag } from '../core/command';
import { apiFlags, VERSION } from '../core/flags';
import { accounts } from './accounts';

interface Action {
  verb: string;
  /** Key in the service definition. */
  method: string;
  synopsis: string;
  flags: readonly Flag[];
  examples: readonly string[];
  /** What the request carries besides id and version. */
  fields(context: Context): Promise<Record<string, unknown>>;
}

/** An action on one account that carries secrets. */
export function accountAction({ verb, method, synopsis, flags, examples, fields }: Action): Command {
  return {
    synopsis,
    examples,
    flags: apiFlags(idFlag(accounts), ...flags, VERSION),
    async run(context) {
      const id = requiredId(context);
      const more = await fields(context);
      const names = { action: `${verb} on account`, attempt: `${verb} of account` };
      return withClient(context, async (client) => {
        const version = await currentVersion(context, client, accounts, { id, ...names });
        const request = { id, version, ...more };
        const answer = await client.call({ service: await accounts.service(), method, request, ...names });
        return showItem(context, answer.item, accounts.presenter.item);
      });
    },
  };
}
