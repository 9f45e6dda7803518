/** SQL of targets, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import type { ListEdit } from '../resources/list-edits';
import { scopeColumn } from '../resources/rows';
import type { TargetRow } from './targets';

const columns = sql`
  r.id, r.scope_id, r.type, r.name, r.description, r.address, r.default_port, r.default_client_port,
  r.session_max_seconds, r.session_connection_limit, r.session_concurrent_connection_limit, r.offline_grace_seconds,
  r.end_sessions_on_token_expiry, r.worker_filter, r.egress_worker_filter, r.created_time, r.updated_time, r.version,
  ${scopeColumn}`;

export const selectTargets = sql`select ${columns} from targets r join scopes s on s.id = r.scope_id`;

export const findTarget = (on: Executor, id: string): Promise<TargetRow | undefined> =>
  row(
    on,
    sql`
      select ${columns},
        coalesce((select jsonb_agg(jsonb_build_object('id', h.id, 'host_catalog_id', h.host_catalog_id) order by t.position)
          from target_host_sets t join host_sets h on h.id = t.host_set_id where t.target_id = r.id), '[]') as host_sources,
        coalesce((select jsonb_agg(jsonb_build_object('id', t.source_id, 'credential_store_id',
            coalesce(c.credential_store_id, l.credential_store_id)) order by t.position)
          from target_credential_sources t left join credentials c on c.id = t.credential_id
            left join credential_libraries l on l.id = t.credential_library_id
          where t.target_id = r.id and t.purpose = 'brokered'), '[]') as brokered_credential_sources,
        coalesce((select jsonb_agg(jsonb_build_object('id', a.id, 'value', a.value) order by a.value, a.id)
          from aliases a where a.destination_id = r.id), '[]') as aliases
      from targets r join scopes s on s.id = r.scope_id
      where r.id = ${id}`,
  );

/** `values` by column, without what the schema has a default for and the caller left out. */
export async function insertTarget(
  tx: Tx,
  allowed: Allowed<'target', 'create'>,
  target: { values: Record<string, unknown>; now: Date },
): Promise<void> {
  const all = {
    id: allowed.id,
    scope_id: allowed.scopeId,
    type: 'tcp',
    ...target.values,
    created_time: target.now,
    updated_time: target.now,
  };
  const names = sql.join(Object.keys(all).map((name) => sql.ref(name)));
  await changed(tx, sql`insert into targets (${names}) values (${sql.join(Object.values(all))})`);
}

/** Actions that change a target. */
type TargetChange = 'update' | ListEdit<'host-sources' | 'credential-sources'>;

/** What decides whether address and host sources may change. */
export interface LockedTarget {
  version: number;
  address: string | null;
  worker_filter: string | null;
  host_set_ids: string[];
}

/** The target's row, locked: whoever changes address or host sources locks it first. */
export async function lockTarget(tx: Tx, allowed: Allowed<'target', TargetChange>): Promise<LockedTarget | undefined> {
  const target = await row<Omit<LockedTarget, 'host_set_ids'>>(
    tx,
    sql`select version, address, worker_filter from targets where id = ${allowed.id} for update`,
  );
  if (target === undefined) return undefined;
  const sources = await rows<{ host_set_id: string }>(
    tx,
    sql`select host_set_id from target_host_sets where target_id = ${allowed.id}`,
  );
  return { ...target, host_set_ids: sources.map((source) => source.host_set_id) };
}

export const updateTarget = (tx: Tx, allowed: Allowed<'target', TargetChange>, change: Change): Promise<boolean> =>
  updateRow(tx, allowed, change);

export const deleteTarget = (tx: Tx, allowed: Allowed<'target', 'delete'>): Promise<void> => deleteRow(tx, allowed);

/**
 * Adds the host sets that are in the target's project; answers their number. One that the target
 * has already breaks uniqueness.
 */
export const addHostSources = (
  tx: Tx,
  allowed: Allowed<'target', 'add-host-sources' | 'set-host-sources'>,
  hostSetIds: readonly string[],
): Promise<number> =>
  changed(
    tx,
    sql`insert into target_host_sets (target_id, host_set_id, scope_id)
        select ${allowed.id}, id, scope_id from host_sets
        where id = any(${hostSetIds}::text[]) and scope_id = ${allowed.scopeId}
        order by array_position(${hostSetIds}::text[], id)`,
  );

export const removeHostSources = (
  tx: Tx,
  allowed: Allowed<'target', 'remove-host-sources' | 'set-host-sources'>,
  hostSetIds: readonly string[],
): Promise<number> =>
  changed(
    tx,
    sql`delete from target_host_sets
        where target_id = ${allowed.id} and host_set_id = any(${hostSetIds}::text[])`,
  );
