/** Accounts: who somebody is for one auth method. */
import { prefixOf, prefixesOf, subtypeOf } from '../../../lib/contract/id-prefixes';
import { limit } from '../../../lib/limits/limit';
import { derivedId } from '../../../lib/ids/derived';
import { newId } from '../../../lib/ids/ids';
import type { MethodType } from '../auth-methods/auth-methods';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export const PASSWORD_ACCOUNT_PREFIXES = prefixesOf('account', 'password');
export const ACCOUNT_PREFIXES = prefixesOf('account');

/** The id of a new account: random, or derived from its subject or login name, as in Boundary. */
export function idOfAccount(
  type: MethodType,
  methodId: string,
  who: { issuer: string; subject: string; login_name: string },
): string {
  const prefix = prefixOf('account', type);
  if (type === 'oidc') return derivedId(prefix, methodId, who.issuer, who.subject);
  return type === 'ldap' ? derivedId(prefix, methodId, who.login_name) : newId(prefix);
}

/** Type that an id tells; password for ids without a known form. */
export const typeOfAccountId = (id: string): MethodType => subtypeOf(id, 'account') ?? 'password';

export const accountActions = (row: Pick<AccountRow, 'type'>): readonly string[] => idActions('account', row.type);

export interface AccountRow extends ItemRow {
  scope_id: string;
  auth_method_id: string;
  type: MethodType;
  /** Password accounts. */
  login_name: string | null;
  /** What the type stores besides, null where it is not set. */
  details: Record<string, unknown> | null;
  /** Absent in lists. */
  managed_group_ids?: string[];
}

export const accountResource = (
  row: Pick<AccountRow, 'id' | 'scope_id' | 'scope' | 'auth_method_id'>,
): Item<'account'> => ({
  type: 'account',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
  pin: row.auth_method_id,
});

const isSet = (value: unknown): boolean => value !== null && !(Array.isArray(value) && value.length === 0);

export const accountItem = (row: AccountRow) => ({
  ...commonItem(row),
  auth_method_id: row.auth_method_id,
  type: row.type,
  managed_group_ids: row.managed_group_ids ?? [],
  attributes: Object.fromEntries(
    Object.entries(row.details ?? { login_name: row.login_name }).filter(([, value]) => isSet(value)),
  ),
});

/** Characters of a login name. */
const MAX_LOGIN_NAME = limit('login name of a password account', 512, {
  what: 'login name of a password account',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});

/** Why this cannot be a login name, or undefined. */
export function loginNameProblem(loginName: string, minLength: number): string | undefined {
  if (!/^[a-z0-9.-]+$/.test(loginName)) {
    return 'Login names may only have lower case letters, digits, dots and hyphens.';
  }
  if (loginName.length < minLength) return `Login names must have at least ${minLength} characters.`;
  return loginName.length > MAX_LOGIN_NAME ? `Login names must have at most ${MAX_LOGIN_NAME} characters.` : undefined;
}
