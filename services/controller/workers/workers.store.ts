/** SQL of workers, one function per use case. */
import type { Allowed, CreateAction } from '../authz/authz';
import { row, rows, sql, type Executor, type RawBuilder, type Tx } from '../db/db';
import type { Encrypted } from '../kms/kms';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import type { ListEdit } from '../resources/list-edits';
import { scopeColumn } from '../resources/rows';
import type { Tags, WorkerRow } from './workers';

const selectWith = (scope: RawBuilder<unknown>) => sql`
  select r.id, r.scope_id, r.type, r.name, r.description, r.config_managed, r.api_tags, r.config_tags, r.address,
    r.release_version, r.created_time, r.updated_time, r.version, ${scope},
    coalesce((select k.lease_renewed_time from worker_attachments a join controllers k on k.id = a.controller_id
      where a.worker_id = r.id), r.detached_time) as last_status_time,
    coalesce((select a.draining from worker_attachments a where a.worker_id = r.id), false) as draining,
    (select count(*) from session_connections c where c.worker_id = r.id and c.closed_time is null)::integer
      as active_connection_count
  from workers r join scopes s on s.id = r.scope_id`;

export const findWorker = (on: Executor, id: string): Promise<WorkerRow | undefined> =>
  row(on, sql`${selectWith(scopeColumn)} where r.id = ${id}`);

/**
 * All workers, newest first. The limit `worker_list_bytes` makes a fleet fit into one answer. Their
 * scope is read once, because its texts can be long.
 */
export async function allWorkers(on: Executor): Promise<WorkerRow[]> {
  const all = await rows<WorkerRow>(on, sql`${selectWith(sql`null as scope`)} order by r.created_time desc, r.id desc`);
  const global = await row<Pick<WorkerRow, 'scope'>>(
    on,
    sql`select ${scopeColumn} from scopes s where s.id = 'global'`,
  );
  return all.map((worker) => ({ ...worker, scope: global!.scope }));
}

export interface NewWorker {
  id: string;
  name: string | null;
  description: string | null;
  configManaged: boolean;
  now: Date;
}

export const insertWorker = (
  tx: Tx,
  allowed: Allowed<'worker', CreateAction<'worker'>>,
  worker: Omit<NewWorker, 'id'>,
): Promise<void> => insertWorkerRow(tx, { ...worker, id: allowed.id });

/** Also used for the worker beside a controller. */
export async function insertWorkerRow(tx: Tx, worker: NewWorker): Promise<void> {
  await sql`insert into workers (id, name, description, config_managed, created_time, updated_time)
    values (${worker.id}, ${worker.name}, ${worker.description}, ${worker.configManaged}, ${worker.now}, ${worker.now})`.execute(
    tx,
  );
}

export async function insertActivationToken(
  tx: Tx,
  token: { id: string; workerId: string; creationTime: Encrypted },
): Promise<void> {
  await sql`insert into worker_activation_tokens (id, worker_id, creation_time, key_id)
    values (${token.id}, ${token.workerId}, ${token.creationTime.ciphertext}, ${token.creationTime.keyId})`.execute(tx);
}

export async function insertRegistration(
  tx: Tx,
  registration: { id: string; workerId: string; secret: Encrypted; now: Date },
): Promise<void> {
  const { id, workerId, secret, now } = registration;
  await sql`insert into worker_registrations (id, worker_id, secret, key_id, created_time)
    values (${id}, ${workerId}, ${secret.ciphertext}, ${secret.keyId}, ${now})`.execute(tx);
}

export const findRegistration = (
  on: Executor,
  id: string,
): Promise<{ worker_id: string; secret: Buffer; key_id: string; created_time: Date } | undefined> =>
  row(on, sql`select worker_id, secret, key_id, created_time from worker_registrations where id = ${id}`);

/** Uses the token up; undefined when it is unknown or was used before. */
export function takeActivationToken(
  tx: Tx,
  id: string,
): Promise<{ worker_id: string; creation_time: Buffer; key_id: string } | undefined> {
  return row(tx, sql`delete from worker_activation_tokens where id = ${id} returning worker_id, creation_time, key_id`);
}

/** False when the version is not the current one. */
export const updateWorker = (
  tx: Tx,
  allowed: Allowed<'worker', 'update' | ListEdit<'worker-tags'>>,
  change: Change,
): Promise<boolean> => updateRow(tx, allowed, change);

/** Version and tags of the worker, its row locked. */
export const lockWorkerTags = (
  tx: Tx,
  allowed: Allowed<'worker', ListEdit<'worker-tags'>>,
): Promise<{ version: number; api_tags: Tags } | undefined> =>
  row(tx, sql`select version, api_tags from workers where id = ${allowed.id} for update`);

/**
 * Keeps new sessions away from a worker that is about to be deleted, and lets its controller end
 * its sessions. False when no controller has its stream.
 */
export async function retireWorker(on: Executor, allowed: Allowed<'worker', 'delete'>): Promise<boolean> {
  const told = await rows(
    on,
    sql`with held as (
          update worker_attachments set draining = true where worker_id = ${allowed.id} returning worker_id
        )
        select pg_notify('sallyport_workers', worker_id || ' retire') from held`,
  );
  return told.length > 0;
}

/** Whether the worker has connections that it has not reported closed. */
export async function hasOpenConnections(on: Executor, allowed: Allowed<'worker', 'delete'>): Promise<boolean> {
  return (
    (await row(
      on,
      sql`select 1 from session_connections where worker_id = ${allowed.id} and closed_time is null limit 1`,
    )) !== undefined
  );
}

export const deleteWorker = (tx: Tx, allowed: Allowed<'worker', 'delete'>): Promise<void> => deleteRow(tx, allowed);

/** A worker that can take a session. */
export interface Candidate {
  id: string;
  name: string | null;
  /** host:port. */
  address: string;
  api_tags: Tags;
  config_tags: Tags;
}

/**
 * Workers that are attached to a living controller and do not drain. A controller is alive when its
 * lease did not expire before `expiredBefore`; all controllers on record are when that is
 * undefined.
 */
export function candidates(on: Executor, expiredBefore: Date | undefined): Promise<Candidate[]> {
  return rows(
    on,
    sql`select w.id, w.name, w.address, w.api_tags, w.config_tags
        from worker_attachments a
        join controllers k on k.id = a.controller_id
        join workers w on w.id = a.worker_id
        where ${expiredBefore === undefined ? sql`true` : sql`k.lease_expiration_time > ${expiredBefore}`} and not a.draining and w.address is not null`,
  );
}

/** Open connections of each of the workers. */
export async function loads(on: Executor, workerIds: string[]): Promise<Map<string, number>> {
  const counted = await rows<{ id: string; open: number }>(
    on,
    sql`select w.id, (select count(*) from session_connections c where c.worker_id = w.id and c.closed_time is null)::integer as open
        from unnest(${workerIds}::text[]) as w (id)`,
  );
  return new Map(counted.map((worker) => [worker.id, worker.open]));
}
