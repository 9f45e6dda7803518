import { currentVersion, requiredId, showItem, withClient } from '../../core/api-command';
import { idFlag, kinds } from '../../core/builders';
import type { Flag } from '../../core/command';
import { UsageError } from '../../core/errors';
import { apiFlags } from '../../core/flags';
import { authMethods } from '../../resources/auth-methods';
import { DISABLE_VALIDATION } from '../../resources/oidc-fields';

const STATE: Flag = {
  name: 'state',
  type: 'string',
  description: 'inactive, active-private, or active-public (shown to callers who are not logged in).',
};
const names = { action: 'change-state on auth method', attempt: 'change-state of auth method' };

export const command = kinds('Change the state of an auth method', {
  oidc: {
    synopsis: 'Make an OIDC auth method usable for logins, or take it out of use',
    examples: ['auth-methods change-state oidc -id amoidc_1234567890 -state active-public'],
    flags: apiFlags(idFlag(authMethods), STATE, DISABLE_VALIDATION.flag),
    async run(context) {
      const id = requiredId(context);
      const state = context.values.text('state');
      if (state === '') throw new UsageError('A state is required but not passed in; use -state');
      const flag = DISABLE_VALIDATION.flag.name;
      const disabled = context.values.isGiven(flag) ? { [flag.replaceAll('-', '_')]: context.values.bool(flag) } : {};
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
  },
});
