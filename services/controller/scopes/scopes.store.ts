/** SQL of scopes, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import type { ScopeRow } from './scopes';

const columns = sql`r.id, r.type, r.scope_id, r.name, r.description, r.primary_auth_method_id, r.created_time,
  r.updated_time, r.version, ${scopeColumn}`;

/** Lists look at the children of scopes, so the global scope is in none. */
export const selectScopes = sql`select ${columns} from scopes r join scopes s on s.id = r.scope_id`;

export const findScope = (on: Executor, id: string): Promise<ScopeRow | undefined> =>
  row(on, sql`select ${columns} from scopes r join scopes s on s.id = coalesce(r.scope_id, r.id) where r.id = ${id}`);

export async function insertScope(
  tx: Tx,
  allowed: Allowed<'scope', 'create'>,
  scope: { type: string; name: string | null; description: string | null; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into scopes (id, type, scope_id, name, description, created_time, updated_time)
        values (${allowed.id}, ${scope.type}, ${allowed.scopeId}, ${scope.name}, ${scope.description},
          ${scope.now}, ${scope.now})`,
  );
}

export const updateScope = (tx: Tx, allowed: Allowed<'scope', 'update'>, change: Change): Promise<boolean> =>
  updateRow(tx, allowed, change);

/** Everything in the scope goes with it; its sessions are canceled. */
export const deleteScope = (tx: Tx, allowed: Allowed<'scope', 'delete'>): Promise<void> => deleteRow(tx, allowed);

export async function hasAuthMethod(on: Executor, scopeId: string, authMethodId: string): Promise<boolean> {
  const found = await row(on, sql`select from auth_methods where id = ${authMethodId} and scope_id = ${scopeId}`);
  return found !== undefined;
}
