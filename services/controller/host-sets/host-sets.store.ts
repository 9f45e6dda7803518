/** SQL of host sets, one function per use case. */
import type { AllowedToAdd, AllowedToRemove } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { scopeColumn, type ItemRow } from '../resources/rows';

export interface HostSetRow extends ItemRow {
  scope_id: string;
  host_catalog_id: string;
  type: string;
  /** Absent in lists. */
  host_ids?: string[];
}

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

/**
 * Adds those that are hosts of the set's catalog; the number added. A host that is in the set
 * breaks uniqueness.
 */
export const addHosts = (
  tx: Tx,
  allowed: AllowedToAdd<'host-set', 'hosts'>,
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
  allowed: AllowedToRemove<'host-set', 'hosts'>,
  hostIds: readonly string[],
): Promise<number> =>
  changed(
    tx,
    sql`delete from host_set_members where host_set_id = ${allowed.id} and host_id = any(${hostIds}::text[])`,
  );
