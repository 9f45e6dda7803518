import type { AsJson } from '../../lib/rpc/as-json';
import type { AuthMethod } from '../../proto/gen/api/auth_methods';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  collectionActionsSection,
  commonFields,
  itemTable,
  scopeSection,
  type Presenter,
} from './table';

const NAMES = { min_login_name_length: 'Minimum Login Name Length', min_password_length: 'Minimum Password Length' };

export const authMethods: Presenter<AsJson<AuthMethod>> = {
  list: {
    title: 'Auth Method',
    none: 'No auth methods found',
    column: 26,
    fields: (method) => ({
      Version: method.version,
      Type: method.type,
      Name: method.name,
      Description: method.description,
      'Is Primary For Scope': method.is_primary === true ? 'true' : undefined,
    }),
  },
  item: (method) => {
    const attributes = attributeFields(method, NAMES);
    return itemTable(
      'Auth Method',
      { ...commonFields(method), Type: method.type, 'Is Primary For Scope': method.is_primary },
      [
        scopeSection(method),
        actionsSection(method),
        collectionActionsSection('Auth Method', method),
        attributesSection(attributes),
      ],
      attributes,
    );
  },
};
