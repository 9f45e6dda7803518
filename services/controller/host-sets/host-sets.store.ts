/** SQL of host sets, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import type { ListEdit } from '../resources/list-edits';
import { scopeColumn } from '../resources/rows';
import type { HostSetRow } from './host-sets';

export const selectHostSets = sql`
  select r.id, r.scope_id, r.host_catalog_id, r.type, r.name, r.description, r.created_time, r.updated_time, r.version,
    ${scopeColumn}
  from host_sets r join scopes s on s.id = r.scope_id`;

export const findHostSet = (on: Executor, id: string): Promise<HostSetRow | undefined> =>
  row(
    on,
    sql`
      select r.id, r.scope_id, r.host_catalog_id, r.type, r.name, r.description, r.created_time, r.updated_time,
        r.version, ${scopeColumn},
        array(select m.host_id from host_set_members m where m.host_set_id = r.id order by m.position) as host_ids
      from host_sets r join scopes s on s.id = r.scope_id
      where r.id = ${id}`,
  );

export async function insertHostSet(
  tx: Tx,
  allowed: Allowed<'host-set', 'create'>,
  set: { name: string | null; description: string | null; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into host_sets (id, host_catalog_id, scope_id, type, name, description, created_time, updated_time)
        values (${allowed.id}, ${allowed.pin}, ${allowed.scopeId}, 'static', ${set.name},
          ${set.description}, ${set.now}, ${set.now})`,
  );
}

export const updateHostSet = (
  tx: Tx,
  allowed: Allowed<'host-set', 'update' | ListEdit<'hosts'>>,
  change: Change,
): Promise<boolean> => updateRow(tx, allowed, change);

export const deleteHostSet = (tx: Tx, allowed: Allowed<'host-set', 'delete'>): Promise<void> => deleteRow(tx, allowed);

export async function hostIdsOf(tx: Tx, allowed: Allowed<'host-set', 'set-hosts'>): Promise<string[]> {
  const found = await rows<{ host_id: string }>(
    tx,
    sql`select host_id from host_set_members where host_set_id = ${allowed.id}`,
  );
  return found.map((member) => member.host_id);
}

/**
 * Adds those that are hosts of the set's catalog; the number added. A host that is in the set
 * breaks uniqueness.
 */
export const addHosts = (
  tx: Tx,
  allowed: Allowed<'host-set', 'add-hosts' | 'set-hosts'>,
  hostIds: readonly string[],
): Promise<number> =>
  changed(
    tx,
    sql`insert into host_set_members (host_set_id, host_id, host_catalog_id)
        select ${allowed.id}, id, host_catalog_id from hosts
        where id = any(${hostIds}::text[]) and host_catalog_id = ${allowed.pin}
        order by array_position(${hostIds}::text[], id)`,
  );

export const removeHosts = (
  tx: Tx,
  allowed: Allowed<'host-set', 'remove-hosts' | 'set-hosts'>,
  hostIds: readonly string[],
): Promise<number> =>
  changed(
    tx,
    sql`delete from host_set_members where host_set_id = ${allowed.id} and host_id = any(${hostIds}::text[])`,
  );
