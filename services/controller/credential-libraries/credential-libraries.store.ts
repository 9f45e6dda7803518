/** SQL of credential libraries, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import type { LibraryRow } from './credential-libraries';

export const selectLibraries = sql`
  select r.id, r.scope_id, r.credential_store_id, r.type, r.name, r.description, r.credential_type,
    r.credential_mapping_overrides, r.attributes, r.http_request_body, r.key_id, r.created_time, r.updated_time, r.version,
    ${scopeColumn}
  from credential_libraries r join scopes s on s.id = r.scope_id`;

export const findLibrary = (on: Executor, id: string): Promise<LibraryRow | undefined> =>
  row(on, sql`${selectLibraries} where r.id = ${id}`);

export async function insertLibrary(
  tx: Tx,
  allowed: Allowed<'credential-library', 'create'>,
  library: { type: string; columns: Record<string, unknown>; now: Date },
): Promise<void> {
  const all = {
    id: allowed.id,
    credential_store_id: allowed.pin,
    scope_id: allowed.scopeId,
    type: library.type,
    ...library.columns,
    created_time: library.now,
    updated_time: library.now,
  };
  const names = sql.join(Object.keys(all).map((name) => sql.ref(name)));
  await changed(tx, sql`insert into credential_libraries (${names}) values (${sql.join(Object.values(all))})`);
}

export const updateLibrary = (
  tx: Tx,
  allowed: Allowed<'credential-library', 'update'>,
  change: Change,
): Promise<boolean> => updateRow(tx, allowed, change);

/** Targets lose it as a source. */
export const deleteLibrary = (tx: Tx, allowed: Allowed<'credential-library', 'delete'>): Promise<void> =>
  deleteRow(tx, allowed);
