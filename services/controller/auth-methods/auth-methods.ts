/** Auth methods: ways to log in. What differs by type is in password.ts, oidc.ts and ldap.ts. */
import { COLLECTIONS_BELOW, idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';
import { oidcAttributes, type OidcSettings } from './oidc';
import { ldapAttributes, type LdapSettings } from './ldap';

export type MethodType = 'password' | 'oidc' | 'ldap';

const PREFIX_OF_TYPE: Readonly<Record<MethodType, string>> = { password: 'ampw', oidc: 'amoidc', ldap: 'amldap' };
export const AUTH_METHOD_PREFIXES: readonly string[] = Object.values(PREFIX_OF_TYPE);
export const AUTH_METHOD_COLLECTIONS = COLLECTIONS_BELOW['auth-method'];

export const prefixOfType = (type: MethodType): string => PREFIX_OF_TYPE[type];
export const isMethodType = (type: string): type is MethodType => Object.hasOwn(PREFIX_OF_TYPE, type);

export const authMethodActions = (row: Pick<AuthMethodRow, 'type'>): readonly string[] =>
  idActions('auth-method', row.type);

/** Type that an id tells, undefined when it has no known form. */
export function typeOfMethodId(id: string): MethodType | undefined {
  const [, prefix] = /^([a-z]+)_[0-9A-Za-z]*$/.exec(id) ?? [];
  return (Object.keys(PREFIX_OF_TYPE) as MethodType[]).find((type) => PREFIX_OF_TYPE[type] === prefix);
}

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
