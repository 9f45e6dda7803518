import { accountAction } from '../../resources/account-actions';
import { newSecret, secret } from '../../core/secrets';

export const command = accountAction({
  verb: 'change-password',
  method: 'changePassword',
  synopsis: 'Change the password of an account; needs the current one',
  flags: [
    {
      name: 'current-password',
      type: 'string',
      description: 'The current password. Where to find it: env://NAME or file://PATH. Asked for when absent.',
    },
    {
      name: 'new-password',
      type: 'string',
      description: 'The new password. Where to find it: env://NAME or file://PATH. Asked for when absent.',
    },
    {
      name: 'end-other-tokens',
      type: 'bool',
      description: 'End all other logins of the account, and with them the sessions that they opened.',
    },
  ],
  examples: ['accounts change-password -id acctpw_1234567890'],
  fields: async (context) => ({
    current_password: await secret(context, 'current-password', 'current password'),
    new_password: await newSecret(context, 'new-password', 'new password'),
    end_other_tokens: context.args['end-other-tokens'],
  }),
});
