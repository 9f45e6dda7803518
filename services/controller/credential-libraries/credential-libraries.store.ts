/** SQL of credential libraries, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { updateRow, type Change } from '../resources/changes';
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
  allowed: Allowed<'create'>,
  library: { id: string; type: string; columns: Record<string, unknown>; now: Date },
): Promise<void> {
  const all = {
    id: library.id,
    credential_store_id: allowed.resource.pin,
    scope_id: allowed.resource.scopeId,
    type: library.type,
    ...library.columns,
    created_time: library.now,
    updated_time: library.now,
  };
  const names = sql.join(Object.keys(all).map((name) => sql.ref(name)));
  await changed(tx, sql`insert into credential_libraries (${names}) values (${sql.join(Object.values(all))})`);
}

export const updateLibrary = (tx: Tx, allowed: Allowed<'update'>, change: Change): Promise<boolean> =>
  updateRow(tx, sql`credential_libraries`, allowed, change);

/** Targets lose it as a source. */
export const deleteLibrary = (tx: Tx, allowed: Allowed<'delete'>): Promise<number> =>
  changed(tx, sql`delete from credential_libraries where id = ${allowed.resource.id}`);
