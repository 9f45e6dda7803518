import { kinds, updateCommand } from '../../core/builders';
import { LOGIN_NAME } from '../../resources/account-fields';
import { accounts } from '../../resources/accounts';

export const command = kinds('Update an account', {
  password: updateCommand(accounts, {
    kind: 'password',
    fields: [LOGIN_NAME],
    examples: ['accounts update password -id acctpw_1234567890 -login-name alice'],
  }),
});
