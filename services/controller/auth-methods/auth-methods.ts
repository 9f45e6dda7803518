/** Auth methods: ways to log in. What differs by type is in password.ts, oidc.ts and ldap.ts. */
import { ID_PREFIXES, isIdOf, prefixesOf, subtypeOf } from '../../../lib/contract/id-prefixes';
import { collectionsOfChildren, idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';
import { oidcAttributes, type OidcSettings } from './oidc';
import { ldapAttributes, type LdapSettings } from './ldap';

export type MethodType = keyof (typeof ID_PREFIXES)['auth-method'];

export const AUTH_METHOD_PREFIXES = prefixesOf('auth-method');
export const AUTH_METHOD_COLLECTIONS = collectionsOfChildren('auth-method', '');

export const isMethodType = (type: string): type is MethodType => Object.hasOwn(ID_PREFIXES['auth-method'], type);

export const authMethodActions = (row: Pick<AuthMethodRow, 'type'>): readonly string[] =>
  idActions('auth-method', row.type);

/** Type that an id tells, undefined when it has no known form. */
export const typeOfMethodId = (id: string): MethodType | undefined =>
  isIdOf(id, 'auth-method') ? subtypeOf(id, 'auth-method') : undefined;

export interface AuthMethodRow extends ItemRow {
  scope_id: string;
  type: MethodType;
  is_primary: boolean;
  /** Password methods; 0 for others, as is the next. */
  min_login_name_length: number;
  min_password_length: number;
  /** Set for the type alone. */
  oidc: OidcSettings | null;
  ldap: LdapSettings | null;
}

export const authMethodResource = (row: Pick<AuthMethodRow, 'id' | 'scope_id' | 'scope'>): Item<'auth-method'> => ({
  type: 'auth-method',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
});

function attributesOf(row: AuthMethodRow): Record<string, unknown> {
  if (row.oidc !== null) return oidcAttributes(row.oidc);
  if (row.ldap !== null) return ldapAttributes(row.ldap);
  return { min_login_name_length: row.min_login_name_length, min_password_length: row.min_password_length };
}

export const authMethodItem = (row: AuthMethodRow) => ({
  ...commonItem(row),
  scope_id: row.scope_id,
  type: row.type,
  is_primary: row.is_primary,
  attributes: attributesOf(row),
});
