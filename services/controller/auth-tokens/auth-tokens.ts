/** Auth tokens: what a login gives, the right to act as a user for a while. */
import { prefixOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { scopeInfo, type ScopeOfRow } from '../resources/rows';

export const AUTH_TOKEN_PREFIX = prefixOf('auth-token', 'token');
export const AUTH_TOKEN_ACTIONS = idActions('auth-token');

export interface AuthTokenRow {
  id: string;
  scope_id: string;
  scope: ScopeOfRow;
  user_id: string;
  auth_method_id: string;
  account_id: string;
  created_time: Date;
  updated_time: Date;
  approximate_last_used_time: Date;
  expiration_time: Date;
}

export const authTokenResource = (row: Pick<AuthTokenRow, 'id' | 'scope_id' | 'scope'>): Item<'auth-token'> => ({
  type: 'auth-token',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
});

export const authTokenItem = (row: AuthTokenRow) => ({ ...row, scope: scopeInfo(row.scope) });
