/** SQL of hosts, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import type { HostRow } from './hosts';

export const selectHosts = sql`
  select r.id, r.scope_id, r.host_catalog_id, r.type, r.name, r.description, r.address, r.created_time, r.updated_time,
    r.version, ${scopeColumn},
    array(select m.host_set_id from host_set_members m where m.host_id = r.id order by m.position) as host_set_ids
  from hosts r join scopes s on s.id = r.scope_id`;

export const findHost = (on: Executor, id: string): Promise<HostRow | undefined> =>
  row(on, sql`${selectHosts} where r.id = ${id}`);

export async function insertHost(
  tx: Tx,
  allowed: Allowed<'host', 'create'>,
  host: { name: string | null; description: string | null; address: string; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into hosts (id, host_catalog_id, scope_id, type, name, description, address, created_time, updated_time)
        values (${allowed.id}, ${allowed.pin}, ${allowed.scopeId}, 'static', ${host.name},
          ${host.description}, ${host.address}, ${host.now}, ${host.now})`,
  );
}

export const updateHost = (tx: Tx, allowed: Allowed<'host', 'update'>, change: Change): Promise<boolean> =>
  updateRow(tx, allowed, change);

export const deleteHost = (tx: Tx, allowed: Allowed<'host', 'delete'>): Promise<void> => deleteRow(tx, allowed);
