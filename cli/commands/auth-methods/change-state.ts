import { currentVersion, requiredId, showItem, withClient } from '../../core/api-command';
import { idFlag, kinds } from '../../core/builders';
import { defineCommand, valueOf, type Flag } from '../../core/command';
import { UsageError } from '../../io/errors';
import { apiFlags } from '../../core/flags';
import { authMethods } from '../../resources/auth-methods';
import { DISABLE_VALIDATION } from '../../resources/oidc-fields';

const STATE = {
  name: 'state',
  type: 'string',
  description: 'inactive, active-private, or active-public (shown to callers who are not logged in).',
} as const satisfies Flag;
const names = { action: 'change-state on auth method', attempt: 'change-state of auth method' };

export const command = kinds('Change the state of an auth method', {
  oidc: defineCommand({
    synopsis: 'Make an OIDC auth method usable for logins, or take it out of use',
    examples: ['auth-methods change-state oidc -id amoidc_1234567890 -state active-public'],
    flags: apiFlags(idFlag(authMethods), STATE, DISABLE_VALIDATION.flag),
    async run(context) {
      const id = requiredId(context);
      const state = context.args.state;
      if (state === '') throw new UsageError('A state is required but not passed in; use -state');
      const { flag } = DISABLE_VALIDATION;
      const isGiven = context.line.inOrder(flag).length > 0;
      const disabled = isGiven ? { [flag.name.replaceAll('-', '_')]: valueOf(context, flag) } : {};
      return withClient(context, async (client) => {
        const version = await currentVersion(context, client, authMethods, { id, ...names });
        const request = { id, version, attributes: { state, ...disabled } };
        const answer = await client.call({
          service: await authMethods.service(),
          method: 'changeState',
          request,
          ...names,
        });
        return showItem(context, answer.item, authMethods.presenter.item);
      });
    },
  }),
});
