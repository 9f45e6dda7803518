import type { AsJson } from '../../lib/rpc/as-json';
import type { User, UserAccount } from '../../proto/gen/api/users';
import {
  actionsSection,
  commonFields,
  itemTable,
  recordsSection,
  scopeSection,
  type Fields,
  type Presenter,
} from './table';

export const users: Presenter<AsJson<User>> = {
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
