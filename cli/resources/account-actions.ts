import { currentVersion, requiredId, showItem, withClient } from '../core/api-command';
import { idFlag } from '../core/builders';
import type { Command, Context, Flag } from '../core/command';
import { apiFlags, VERSION, type ApiContext } from '../core/flags';
import { accounts } from './accounts';

interface Action<F extends Flag> {
  verb: string;
  /** Key in the service definition. */
  method: 'setPassword' | 'changePassword';
  synopsis: string;
  flags: readonly F[];
  examples: readonly string[];
  /** The fields of the request besides id and version. */
  fields(context: ApiContext<F>): Promise<Record<string, unknown>>;
}

/** An action on one account that carries secrets. */
export function accountAction<const F extends Flag>(action: Action<F>): Command {
  const { verb, method, synopsis, flags, examples, fields } = action;
  return {
    synopsis,
    examples,
    flags: apiFlags(idFlag(accounts), ...flags, VERSION),
    async run(context: ApiContext<F> & Context<{ id: string; version: number | undefined }>) {
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
