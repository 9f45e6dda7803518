import type { AsJson } from '../../lib/rpc/as-json';
import type { Account } from '../../proto/gen/api/accounts';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  commonFields,
  itemTable,
  linesSection,
  scopeSection,
  type Presenter,
} from './table';

export const accounts: Presenter<AsJson<Account>> = {
  list: {
    title: 'Account',
    none: 'No accounts found',
    fields: (account) => ({
      Version: account.version,
      Type: account.type,
      Name: account.name,
      Description: account.description,
    }),
  },
  item: (account) => {
    const attributes = attributeFields(account, { login_name: 'Login Name' });
    return itemTable(
      'Account',
      { ...commonFields(account), Type: account.type, 'Auth Method ID': account.auth_method_id },
      [
        scopeSection(account),
        linesSection('Managed Group IDs:', account.managed_group_ids),
        actionsSection(account),
        attributesSection(attributes),
      ],
      attributes,
    );
  },
};
