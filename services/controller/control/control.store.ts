/** SQL of the control streams: who is attached where, and which controllers live. Heartbeats write nothing. */
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import type { Tags } from '../workers/workers';

export interface Lease {
  controllerId: string;
  name: string;
  now: Date;
  expiration: Date;
}

/** Renews the lease; true when its row was there, so that attachments are still on record. */
export async function renewLease(on: Executor, lease: Lease): Promise<boolean> {
  const renewed = await row<{ existed: boolean }>(
    on,
    sql`
      insert into controllers (id, name, started_time, lease_renewed_time, lease_expiration_time)
      values (${lease.controllerId}, ${lease.name}, ${lease.now}, ${lease.now}, ${lease.expiration})
      on conflict (id) do update set
        lease_renewed_time = excluded.lease_renewed_time, lease_expiration_time = excluded.lease_expiration_time
      returning xmax <> 0 as existed`,
  );
  return renewed!.existed;
}

/** Forgets attachments of the controller other than the live ones: streams whose end could not be written. */
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

/** Removes controllers whose lease ran out; their workers were last heard of when it was renewed. */
export function removeExpiredControllers(on: Executor, now: Date): Promise<number> {
  return changed(
    on,
    sql`
      with gone as (
        select id, lease_renewed_time from controllers where lease_expiration_time <= ${now} for update skip locked
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
  address: string;
  releaseVersion: string;
  configTags: Tags;
  draining: boolean;
  now: Date;
}

/** Notes what the worker says of itself and who holds its stream; false when there is no such worker. */
export async function attach(tx: Tx, hello: Attach): Promise<boolean> {
  const known = await changed(
    tx,
    sql`update workers set address = ${hello.address}, release_version = ${hello.releaseVersion},
          config_tags = ${JSON.stringify(hello.configTags)}::jsonb, boot_id = ${hello.bootId}
        where id = ${hello.workerId}`,
  );
  if (known === 0) return false;
  await sql`
    insert into worker_attachments (worker_id, controller_id, attachment_id, boot_id, draining, attached_time)
    values (${hello.workerId}, ${hello.controllerId}, ${hello.attachmentId}, ${hello.bootId}, ${hello.draining}, ${hello.now})
    on conflict (worker_id) do update set controller_id = excluded.controller_id, attachment_id = excluded.attachment_id,
      boot_id = excluded.boot_id, draining = excluded.draining, attached_time = excluded.attached_time`.execute(tx);
  await sql`
    update session_connections set unreachable_since = null
    where worker_id = ${hello.workerId} and closed_time is null and unreachable_since is not null`.execute(tx);
  return true;
}

/** Those of `workerIds` that do not exist (any more). */
export async function deletedAmong(on: Executor, workerIds: string[]): Promise<string[]> {
  const found = await rows<{ id: string }>(
    on,
    sql`select a.id from unnest(${workerIds}::text[]) as a (id) where not exists (select from workers w where w.id = a.id)`,
  );
  return found.map((worker) => worker.id);
}

/** The worker takes no new sessions. */
export async function markDraining(on: Executor, attachmentId: string): Promise<void> {
  await sql`update worker_attachments set draining = true where attachment_id = ${attachmentId}`.execute(on);
}
