/** Accounts: who somebody is for one auth method. */
import { idActions } from '../authz/actions';
import type { Resource } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export const PASSWORD_ACCOUNT_PREFIX = 'acctpw';
export const PASSWORD_ACCOUNT_PREFIXES: readonly string[] = [PASSWORD_ACCOUNT_PREFIX, 'apw'];
/** Id forms that are known, whether or not this build can make them. */
export const ACCOUNT_PREFIXES: readonly string[] = [...PASSWORD_ACCOUNT_PREFIXES, 'acctoidc', 'acctldap'];

export const accountActions = (row: Pick<AccountRow, 'type'>): readonly string[] => idActions('account', row.type);

export interface AccountRow extends ItemRow {
  scope_id: string;
  auth_method_id: string;
  type: string;
  login_name: string;
}

export const accountResource = (row: Pick<AccountRow, 'id' | 'scope_id' | 'scope' | 'auth_method_id'>): Resource => ({
  type: 'account',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
  pin: row.auth_method_id,
});

export const accountItem = (row: AccountRow) => ({
  ...commonItem(row),
  auth_method_id: row.auth_method_id,
  type: row.type,
  attributes: { login_name: row.login_name },
});

/** Characters of a login name. */
const MAX_LOGIN_NAME = 512;

/** Why this cannot be a login name, or undefined. */
export function loginNameProblem(loginName: string, minLength: number): string | undefined {
  if (!/^[a-z0-9.-]+$/.test(loginName)) {
    return 'Login names may only have lower case letters, digits, dots and hyphens.';
  }
  if (loginName.length < minLength) return `Login names must have at least ${minLength} characters.`;
  return loginName.length > MAX_LOGIN_NAME ? `Login names must have at most ${MAX_LOGIN_NAME} characters.` : undefined;
}

export interface PasswordAccountInput {
  login_name: string | undefined;
  password: string | undefined;
}

/** Attributes of a password account; undefined when a key or value is not acceptable. Null is absent. */
export function readAccountAttributes(
  attributes: Record<string, unknown> | undefined,
): PasswordAccountInput | undefined {
  const read: PasswordAccountInput = { login_name: undefined, password: undefined };
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key !== 'login_name' && key !== 'password') return undefined;
    if (value === null) continue;
    if (typeof value !== 'string') return undefined;
    read[key] = value;
  }
  return read;
}
