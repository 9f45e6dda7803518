import { accountAction } from '../../resources/account-actions';
import { newSecret } from '../../core/secrets';

export const command = accountAction({
  verb: 'set-password',
  method: 'setPassword',
  synopsis: 'Set the password of an account, without its current one',
  flags: [
    {
      name: 'password',
      type: 'string',
      description: 'The new password. Where to find it: env://NAME or file://PATH. Asked for when absent.',
    },
  ],
  examples: ['accounts set-password -id acctpw_1234567890 -password env://NEW_PASSWORD'],
  fields: async (context) => ({ password: await newSecret(context, 'password', 'password') }),
});
