import { editCommand } from '../../core/builders';
import { users } from '../../resources/users';

export const command = editCommand(users, {
  verb: 'set-accounts',
  method: 'setUserAccounts',
  flag: 'account',
  what: 'Id of an account',
  field: 'account_ids',
  examples: ['users set-accounts -id u_1234567890 -account acctpw_1234567890'],
});
