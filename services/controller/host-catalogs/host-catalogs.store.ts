/** SQL of host catalogs, one function per use case. */
import { row, sql, type Executor } from '../db/db';
import { scopeColumn, type ItemRow } from '../resources/rows';

export interface HostCatalogRow extends ItemRow {
  scope_id: string;
  type: 'static' | 'plugin';
}

export const selectHostCatalogs = sql`
  select r.id, r.scope_id, r.type, r.name, r.description, r.created_time, r.updated_time, r.version, ${scopeColumn}
  from host_catalogs r join scopes s on s.id = r.scope_id`;

export const findHostCatalog = (on: Executor, id: string): Promise<HostCatalogRow | undefined> =>
  row(on, sql`${selectHostCatalogs} where r.id = ${id}`);
