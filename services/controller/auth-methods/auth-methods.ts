/** Auth methods: ways to log in. This build has the password type. */
import { COLLECTIONS_BELOW, idActions } from '../authz/actions';
import type { Resource } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export const PASSWORD_METHOD_PREFIX = 'ampw';
/** Types of the id forms that are known, whether or not this build can make them. */
const TYPE_OF_PREFIX: Readonly<Record<string, string>> = { ampw: 'password', amoidc: 'oidc', amldap: 'ldap' };
export const AUTH_METHOD_PREFIXES: readonly string[] = Object.keys(TYPE_OF_PREFIX);
export const AUTH_METHOD_COLLECTIONS = COLLECTIONS_BELOW['auth-method'];

export const authMethodActions = (row: Pick<AuthMethodRow, 'type'>): readonly string[] =>
  idActions('auth-method', row.type);

/** Type that an id tells, undefined when it has no known form. */
export function typeOfMethodId(id: string): string | undefined {
  const [, prefix] = /^([a-z]+)_[0-9A-Za-z]*$/.exec(id) ?? [];
  return prefix !== undefined && Object.hasOwn(TYPE_OF_PREFIX, prefix) ? TYPE_OF_PREFIX[prefix] : undefined;
}

export interface AuthMethodRow extends ItemRow {
  scope_id: string;
  type: string;
  is_primary: boolean;
  min_login_name_length: number;
  min_password_length: number;
}

export const authMethodResource = (row: Pick<AuthMethodRow, 'id' | 'scope_id' | 'scope'>): Resource => ({
  type: 'auth-method',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
});

export const authMethodItem = (row: AuthMethodRow) => ({
  ...commonItem(row),
  scope_id: row.scope_id,
  type: row.type,
  is_primary: row.is_primary,
  attributes: {
    min_login_name_length: row.min_login_name_length,
    min_password_length: row.min_password_length,
  },
});

export const PASSWORD_DEFAULTS = { min_login_name_length: 3, min_password_length: 8 } as const;
export type PasswordAttribute = keyof typeof PASSWORD_DEFAULTS;
const LARGEST = 2_147_483_647;

/**
 * Attributes of a password method: absent, null and 0 stand for the default. Undefined when a key or value is not
 * acceptable.
 */
export function readPasswordAttributes(
  attributes: Record<string, unknown> | undefined,
): Record<PasswordAttribute, number> | undefined {
  const read: Record<PasswordAttribute, number> = { ...PASSWORD_DEFAULTS };
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (!Object.hasOwn(PASSWORD_DEFAULTS, key)) return undefined;
    if (value === null || value === 0) continue;
    const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > LARGEST) return undefined;
    read[key as PasswordAttribute] = number;
  }
  return read;
}
