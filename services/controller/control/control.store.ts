/**
 * SQL of the control streams: who is attached where, and which controllers live. Heartbeats write
 * nothing.
 */
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import type { Tags } from '../workers/workers';

/** No lease made by the time that is lasts so long, ms. */
const LONGEST_LEASE_MS = 60_000;

export interface Lease {
  controllerId: string;
  name: string;
  now: Date;
  expiration: Date;
}

/** Renews the lease, or takes it anew; answers the time of the database's clock. */
export async function renewLease(on: Executor, lease: Lease): Promise<{ time: Date }> {
  const renewed = await row<{ time: Date }>(
    on,
    sql`
      insert into controllers (id, name, started_time, lease_renewed_time, lease_expiration_time)
      values (${lease.controllerId}, ${lease.name}, ${lease.now}, ${lease.now}, ${lease.expiration})
      on conflict (id) do update set
        lease_renewed_time = excluded.lease_renewed_time, lease_expiration_time = excluded.lease_expiration_time
      returning clock_timestamp() as time`,
  );
  return renewed!;
}

/** A stream held by this controller, as it was put on record. */
export interface Held {
  workerId: string;
  attachmentId: string;
  bootId: string;
  draining: boolean;
  attachedTime: Date;
}

/**
 * Puts back attachments that others have removed together with the controller's lease, unless the
 * worker has attached anew since. Answers those whose place other streams have taken.
 */
export async function putBack(on: Executor, controllerId: string, held: Held[]): Promise<string[]> {
  const lost = await rows<{ attachment_id: string }>(
    on,
    sql`
      with held as (
        select * from unnest(${held.map((stream) => stream.workerId)}::text[],
          ${held.map((stream) => stream.attachmentId)}::text[], ${held.map((stream) => stream.bootId)}::text[],
          ${held.map((stream) => stream.draining)}::boolean[], ${held.map((stream) => stream.attachedTime)}::timestamptz[])
          as h (worker_id, attachment_id, boot_id, draining, attached_time)
      ), back as (
        insert into worker_attachments (worker_id, controller_id, attachment_id, boot_id, draining, attached_time)
        select h.worker_id, ${controllerId}, h.attachment_id, h.boot_id, h.draining, h.attached_time
        from held h join workers w on w.id = h.worker_id and not h.boot_id = any(w.draining_boot_ids)
        where not exists (select from worker_attachments a where a.attachment_id = h.attachment_id)
        on conflict do nothing
        returning worker_id
      ), reached as (
        update session_connections c set unreachable_since = null from back
        where c.worker_id = back.worker_id and c.closed_time is null and c.unreachable_since is not null
      )
      select h.attachment_id from held h join worker_attachments a on a.worker_id = h.worker_id
        join workers w on w.id = h.worker_id
      where a.attachment_id <> h.attachment_id and not h.boot_id = any(w.draining_boot_ids)`,
  );
  return lost.map((stream) => stream.attachment_id);
}

/**
 * Removes attachments of the controller that are not alive: the ends of their streams could not be
 * written.
 */
export function forgetStale(on: Executor, controllerId: string, live: string[], now: Date): Promise<number> {
  return detachWhere(
    on,
    sql`controller_id = ${controllerId} and attachment_id <> all(${live}::text[]) and attached_time < ${now}`,
    now,
  );
}

/** Forgets one attachment; nothing happens when a newer stream of the worker took its place. */
export function detach(on: Executor, attachmentId: string, now: Date): Promise<number> {
  return detachWhere(on, sql`attachment_id = ${attachmentId}`, now);
}

function detachWhere(on: Executor, which: ReturnType<typeof sql>, now: Date): Promise<number> {
  return changed(
    on,
    sql`
      with gone as (delete from worker_attachments where ${which} returning worker_id)
      update workers set detached_time = ${now} where id in (select worker_id from gone)`,
  );
}

/**
 * Removes controllers whose lease ran out. Their workers count as last heard of when it was
 * renewed. A lease that ends far in the future was made before the time was set back; a living
 * controller has renewed its lease since then.
 */
export function removeExpiredControllers(on: Executor, expiredBefore: Date): Promise<number> {
  const latest = new Date(expiredBefore.getTime() + LONGEST_LEASE_MS);
  return changed(
    on,
    sql`
      with gone as (
        select id, lease_renewed_time from controllers
        where lease_expiration_time <= ${expiredBefore} or lease_expiration_time > ${latest} for update skip locked
      ), seen as (
        update workers w set detached_time = gone.lease_renewed_time
        from worker_attachments a join gone on gone.id = a.controller_id
        where w.id = a.worker_id
      )
      delete from controllers where id in (select id from gone)`,
  );
}

/** Removes the controller at its orderly end. */
export async function removeController(on: Executor, controllerId: string, now: Date): Promise<void> {
  await forgetStale(on, controllerId, [], now);
  await sql`delete from controllers where id = ${controllerId}`.execute(on);
}

export interface Attach {
  workerId: string;
  controllerId: string;
  attachmentId: string;
  bootId: string;
  /** Earlier processes of the worker that live and drain. */
  drainingBootIds: string[];
  /** The later process that named this one as draining is gone. */
  goesOn: boolean;
  address: string;
  releaseVersion: string;
  configTags: Tags;
  draining: boolean;
  now: Date;
}

/** The result of a Hello; `handed over` leaves the record to a later process of the worker. */
export type Attached = 'on record' | 'handed over' | 'unknown worker';

/**
 * Notes what the worker says of itself and who holds its stream, unless a later process has named
 * this one as draining.
 */
export async function attach(tx: Tx, hello: Attach): Promise<Attached> {
  const known = await changed(
    tx,
    sql`update workers set address = ${hello.address}, release_version = ${hello.releaseVersion},
          config_tags = ${JSON.stringify(hello.configTags)}::jsonb, boot_id = ${hello.bootId},
          draining_boot_ids = ${hello.drainingBootIds}::text[]
        where id = ${hello.workerId} and (${hello.goesOn} or ${hello.bootId} <> all(draining_boot_ids))`,
  );
  if (known === 0) return (await exists(tx, hello.workerId)) ? 'handed over' : 'unknown worker';
  await sql`
    insert into worker_attachments (worker_id, controller_id, attachment_id, boot_id, draining, attached_time)
    values (${hello.workerId}, ${hello.controllerId}, ${hello.attachmentId}, ${hello.bootId}, ${hello.draining}, ${hello.now})
    on conflict (worker_id) do update set controller_id = excluded.controller_id, attachment_id = excluded.attachment_id,
      boot_id = excluded.boot_id, draining = excluded.draining, attached_time = excluded.attached_time`.execute(tx);
  await sql`
    update session_connections set unreachable_since = null
    where worker_id = ${hello.workerId} and closed_time is null and unreachable_since is not null`.execute(tx);
  return 'on record';
}

/** The tags of the worker's configuration that are on record; nobody changes them meanwhile. */
export async function lockedTags(tx: Tx, workerId: string): Promise<Tags> {
  const statement = sql`select config_tags from workers where id = ${workerId} for update`;
  return (await row<{ config_tags: Tags }>(tx, statement))?.config_tags ?? {};
}

/** The `workerIds` that do not exist (any more). */
export async function deletedAmong(on: Executor, workerIds: string[]): Promise<string[]> {
  const found = await rows<{ id: string }>(
    on,
    sql`select a.id from unnest(${workerIds}::text[]) as a (id) where not exists (select from workers w where w.id = a.id)`,
  );
  return found.map((worker) => worker.id);
}

/** An earlier process that drained is gone. */
export async function forgetProcess(on: Executor, workerId: string, bootId: string): Promise<void> {
  await sql`update workers set draining_boot_ids = array_remove(draining_boot_ids, ${bootId})
    where id = ${workerId} and ${bootId} = any(draining_boot_ids)`.execute(on);
}

/** Whether the worker exists. */
export async function exists(on: Executor, workerId: string): Promise<boolean> {
  return (await deletedAmong(on, [workerId])).length === 0;
}

/** The worker takes no new sessions. */
export async function markDraining(on: Executor, attachmentId: string): Promise<void> {
  await sql`update worker_attachments set draining = true where attachment_id = ${attachmentId}`.execute(on);
}
