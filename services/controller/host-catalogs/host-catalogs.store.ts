/** SQL of host catalogs, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import type { HostCatalogRow } from './host-catalogs';

export const selectHostCatalogs = sql`
  select r.id, r.scope_id, r.type, r.name, r.description, r.created_time, r.updated_time, r.version, ${scopeColumn}
  from host_catalogs r join scopes s on s.id = r.scope_id`;

export const findHostCatalog = (on: Executor, id: string): Promise<HostCatalogRow | undefined> =>
  row(on, sql`${selectHostCatalogs} where r.id = ${id}`);

export async function insertHostCatalog(
  tx: Tx,
  allowed: Allowed<'host-catalog', 'create'>,
  catalog: { name: string | null; description: string | null; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into host_catalogs (id, scope_id, type, name, description, created_time, updated_time)
        values (${allowed.id}, ${allowed.scopeId}, 'static', ${catalog.name}, ${catalog.description},
          ${catalog.now}, ${catalog.now})`,
  );
}

export const updateHostCatalog = (
  tx: Tx,
  allowed: Allowed<'host-catalog', 'update'>,
  change: Change,
): Promise<boolean> => updateRow(tx, allowed, change);

/** Hosts and host sets go with it. */
export const deleteHostCatalog = (tx: Tx, allowed: Allowed<'host-catalog', 'delete'>): Promise<void> =>
  deleteRow(tx, allowed);
