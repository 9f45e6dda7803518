import type { AsJson } from '../../lib/rpc/as-json';
import type { User, UserAccount } from '../../proto/gen/api/users';
import { user } from '../../proto/gen/nouns/user';
import { defineNoun, nounCommand } from '../core/noun';
import { SCOPE } from '../core/resource';
import {
  actionsSection,
  commonFields,
  itemTable,
  recordsSection,
  scopeSection,
  type Fields,
  type Presenter,
} from '../output/table';

const presenter: Presenter<AsJson<User>> = {
  list: {
    title: 'User',
    none: 'No users found',
    fields: (user) => ({
      Version: user.version,
      Name: user.name,
      Description: user.description,
      'Primary Account ID': user.primary_account_id,
      'Login Name': user.login_name,
      'Full Name': user.full_name,
      Email: user.email,
    }),
  },
  item: (user) =>
    itemTable(
      'User',
      {
        ...commonFields(user),
        // Tables of items spell it with a small d, which scripts look for.
        'Primary Account Id': user.primary_account_id,
        'Login Name': user.login_name,
        'Full Name': user.full_name,
        Email: user.email,
      },
      [scopeSection(user), actionsSection(user), recordsSection('Accounts:', user.accounts?.map(member))],
    ),
};

const member = (account: AsJson<UserAccount>): Fields => ({ ID: account.id, 'Scope ID': account.scope_id });

export const users = defineNoun(user, {
  container: SCOPE,
  service: async () => (await import('../../proto/gen/api/users')).UserServiceDefinition,
  presenter,
});

export const command = nounCommand(user, users, {
  description: 'A user is a person or a program. Accounts prove who it is, roles say what it may do.',
  examples: [
    'users add-accounts -id u_1234567890 -account acctpw_1234567890',
    'users create -scope-id o_1234567890 -name alice',
    'users delete -id u_1234567890',
    'users list -scope-id o_1234567890',
    'users read -id u_1234567890',
    'users remove-accounts -id u_1234567890 -account acctpw_1234567890',
    'users set-accounts -id u_1234567890 -account acctpw_1234567890',
    'users update -id u_1234567890 -description null',
  ],
});
