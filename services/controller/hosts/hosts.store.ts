/** SQL of hosts, one function per use case. */
import { row, sql, type Executor } from '../db/db';
import { scopeColumn, type ItemRow } from '../resources/rows';

export interface HostRow extends ItemRow {
  scope_id: string;
  host_catalog_id: string;
  type: string;
  address: string;
  host_set_ids: string[];
}

export const selectHosts = sql`
  select r.id, r.scope_id, r.host_catalog_id, r.type, r.name, r.description, r.address, r.created_time, r.updated_time,
    r.version, ${scopeColumn},
    array(select m.host_set_id from host_set_members m where m.host_id = r.id order by m.position) as host_set_ids
  from hosts r join scopes s on s.id = r.scope_id`;

export const findHost = (on: Executor, id: string): Promise<HostRow | undefined> =>
  row(on, sql`${selectHosts} where r.id = ${id}`);
