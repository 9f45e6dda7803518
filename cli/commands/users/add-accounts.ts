import { editCommand } from '../../core/builders';
import { users } from '../../resources/users';

export const command = editCommand(users, {
  verb: 'add-accounts',
  method: 'addUserAccounts',
  flag: 'account',
  what: 'Id of an account',
  field: 'account_ids',
  examples: ['users add-accounts -id u_1234567890 -account acctpw_1234567890'],
});
