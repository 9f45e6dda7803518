/** Users: persons and programs. Accounts prove who they are, roles say what they may do. */
import { prefixOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export const USER_PREFIX = prefixOf('user', 'user');
export const USER_ACTIONS = idActions('user');
/** Made by the schema; roles may name the first two. */
export const BUILT_IN_USERS: readonly string[] = ['u_anon', 'u_auth', 'u_recovery'];

export interface UserRow extends ItemRow {
  scope_id: string;
  /** Absent in lists. */
  accounts?: { id: string; scope_id: string }[];
  /** Account in the primary auth method of the user's scope. */
  primary_account_id: string | null;
  login_name: string | null;
  full_name: string | null;
  email: string | null;
}

export const userResource = (row: Pick<UserRow, 'id' | 'scope_id' | 'scope'>): Item<'user'> => ({
  type: 'user',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
});

export const userItem = (row: UserRow) => ({
  ...commonItem(row),
  scope_id: row.scope_id,
  account_ids: (row.accounts ?? []).map((account) => account.id),
  accounts: row.accounts ?? [],
  primary_account_id: row.primary_account_id ?? '',
  login_name: row.login_name ?? '',
  full_name: row.full_name ?? '',
  email: row.email ?? '',
});
