/**
 * SQL of connections. The path of a new connection is one statement; closes and byte counts come in
 * batches. Slots are two counters on the session's row, so that limits hold among any number of
 * controllers.
 */
import type { Cause, ClosedBy } from '../../../lib/contract/endings';
import { databaseError, row, rows, sql, UNIQUE_VIOLATION, type Executor, type RawBuilder } from '../db/db';
import { closedReason, type RefusedView, type SessionStatus } from './connections';
import type { TerminationReason } from './sessions';

export interface ConnectionRequest {
  sessionId: string;
  connectionId: string;
  workerId: string;
  bootId: string;
  tofuHmac: Buffer;
  clientAddress: string;
  clientPort: number;
  now: Date;
}

export interface AllowedConnection {
  connections_left: number;
  expiration_time: Date;
}

export type ConnectionAnswer = { allowed: AllowedConnection } | { refused: RefusedView };

/**
 * The client address of rows that only keep an id from being used. Reads of sessions leave these
 * rows out.
 */
export const NOT_ON_RECORD = '';

interface AnswerRow extends RefusedView {
  taken_left: number | null;
  known_here: boolean;
  expiration_time: Date;
}

/**
 * Activates the session if it is pending, binds the first-use token, takes a slot and inserts the
 * connection: one statement, one round trip. A repeated request for the same connection is allowed
 * again and takes nothing.
 */
export async function authorizeConnection(on: Executor, request: ConnectionRequest): Promise<ConnectionAnswer> {
  try {
    return await tryConnection(on, request);
  } catch (error) {
    // A copy of the request ran at the same time and was first. The second look finds its
    // connection.
    if (databaseError(error)?.code !== UNIQUE_VIOLATION) throw error;
    return tryConnection(on, request);
  }
}

async function tryConnection(on: Executor, request: ConnectionRequest): Promise<ConnectionAnswer> {
  const found = await row<AnswerRow>(
    on,
    sql`
      with slot as (
        update sessions s set
          status = 'active',
          status_time = case when s.status = 'pending' then ${request.now}::timestamptz else s.status_time end,
          tofu_hmac = ${request.tofuHmac}::bytea, made = s.made + 1, open = s.open + 1
        where s.id = ${request.sessionId} and s.status in ('pending', 'active') and s.expiration_time > ${request.now}
          and (s.tofu_hmac is null or s.tofu_hmac = ${request.tofuHmac}::bytea)
          and (s.connection_limit = -1 or s.made < s.connection_limit)
          and (s.concurrent_connection_limit = -1 or s.open < s.concurrent_connection_limit)
          and exists (select from session_workers w where w.session_id = s.id and w.worker_id = ${request.workerId})
          and not exists (select from session_connections c where c.id = ${request.connectionId})
        returning s.id, s.made, s.connection_limit
      ), made as (
        insert into session_connections (id, session_id, worker_id, boot_id, client_address, client_port, created_time)
        select ${request.connectionId}, slot.id, ${request.workerId}, ${request.bootId}, ${request.clientAddress},
          ${request.clientPort}::integer, ${request.now}::timestamptz
        from slot
      )
      select
        case when slot.connection_limit = -1 then -1 else slot.connection_limit - slot.made end as taken_left,
        coalesce(c.closed_time is null and c.session_id = ${request.sessionId}, false) as known_here,
        case when w.worker_id is null then null else s.status end as status,
        s.termination_reason, s.expiration_time, s.expiration_time <= ${request.now} as expired,
        coalesce(s.tofu_hmac = ${request.tofuHmac}::bytea, true) as tofu_matches,
        s.made, s.open, s.connection_limit, s.concurrent_connection_limit
      from (select ${request.sessionId}::text as id) asked
      left join slot on slot.id = asked.id
      left join sessions s on s.id = asked.id
      left join session_workers w on w.session_id = s.id and w.worker_id = ${request.workerId}
      left join session_connections c on c.id = ${request.connectionId} and c.worker_id = ${request.workerId}`,
  );
  const answer = found!;
  if (answer.taken_left !== null) return allowed(answer, answer.taken_left);
  if (answer.known_here && answer.status === 'active' && answer.tofu_matches && !answer.expired) {
    return allowed(answer, answer.connection_limit === -1 ? -1 : answer.connection_limit - answer.made);
  }
  return { refused: answer };
}

const allowed = (answer: AnswerRow, left: number): ConnectionAnswer => ({
  allowed: { connections_left: left, expiration_time: answer.expiration_time },
});

/** What a worker reports about an open connection. */
export interface Stat {
  id: string;
  bytes_up: string;
  bytes_down: string;
  endpoint_address: string | null;
  endpoint_port: number | null;
}

/** Applies cumulative counts; reports in any order and any number of times give the same rows. */
export async function recordStats(on: Executor, workerId: string, stats: Stat[]): Promise<void> {
  await sql`
    update session_connections c set
      bytes_up = greatest(c.bytes_up, t.bytes_up), bytes_down = greatest(c.bytes_down, t.bytes_down),
      endpoint_address = coalesce(t.endpoint_address, c.endpoint_address),
      endpoint_port = coalesce(t.endpoint_port, c.endpoint_port)
    from jsonb_to_recordset(${JSON.stringify(stats)}::jsonb)
      as t (id text, bytes_up bigint, bytes_down bigint, endpoint_address text, endpoint_port integer)
    where c.id = t.id and c.worker_id = ${workerId} and c.closed_time is null
      and (t.bytes_up > c.bytes_up or t.bytes_down > c.bytes_down
        or (t.endpoint_address is not null and c.endpoint_address is distinct from t.endpoint_address))`.execute(on);
}

/** What a worker reports about the end of a connection. */
export interface Close extends Stat {
  session_id: string;
  closed_by: ClosedBy;
  cause: Cause;
  error: string | null;
  connect_latency_us: number | null;
  first_byte_latency_us: number | null;
  dial_failed: boolean;
  boot_id: string;
}

/** A session that has no open connections any more, or has ended, by a change. */
export interface ChangedSession {
  id: string;
  status: SessionStatus;
  termination_reason: TerminationReason | null;
}

/**
 * Stores exact ends, frees the slots, and terminates sessions that are over. Repeated closes change
 * nothing. A close that comes after the connection was given up as lost corrects it once. A worker
 * that has lost one of its data processes reports what it knew last, which is not final. `closes`
 * has each connection once.
 */
export async function closeConnections(on: Executor, workerId: string, closes: Close[], now: Date): Promise<void> {
  const failed = closes.filter((close) => close.dial_failed);
  if (failed.length > 0) await refuseLater(on, workerId, failed, now);
  const reported = closes.map((close) => ({ ...close, closed_reason: closedReason(close.closed_by, close.cause) }));
  const change = sql`
    update session_connections c set
      closed_time = case when c.closed_time is null then ${now}::timestamptz else c.closed_time end,
      amended = c.closed_time is not null, bytes_final = t.cause <> 'worker lost', unreachable_since = null,
      closed_reason = t.closed_reason, closed_by = t.closed_by, cause = t.cause, error = t.error,
      bytes_up = greatest(c.bytes_up, t.bytes_up), bytes_down = greatest(c.bytes_down, t.bytes_down),
      endpoint_address = coalesce(t.endpoint_address, c.endpoint_address),
      endpoint_port = coalesce(t.endpoint_port, c.endpoint_port),
      connect_latency_us = t.connect_latency_us, first_byte_latency_us = t.first_byte_latency_us
    from told t, locked
    where c.id = t.id and c.worker_id = ${workerId} and c.boot_id = t.boot_id and locked.id = c.session_id
      and (c.closed_time is null or (c.cause = 'worker lost' and not c.bytes_final and not c.amended and t.cause <> 'worker lost'))
    returning c.session_id, not c.amended as freed, not c.amended and t.dial_failed as unmade`;
  await rows(
    on,
    sql`
      with told as materialized (
        select * from jsonb_to_recordset(${JSON.stringify(reported)}::jsonb) as t (
          id text, boot_id text, bytes_up bigint, bytes_down bigint, endpoint_address text, endpoint_port integer,
          closed_reason text, closed_by text, cause text, error text,
          connect_latency_us integer, first_byte_latency_us integer, dial_failed boolean)
      ), touched as (
        select session_id from session_connections c join told on told.id = c.id
        where c.worker_id = ${workerId} and (c.closed_time is null or c.cause = 'worker lost')
      ), ${lockedSessions}, closed as (${change}), ${freeSlots(now)}`,
  );
}

/**
 * Records connections as closed that are not on record at all. The worker gave up waiting for an
 * answer, but its request may still be carried out, here or at another controller; it then finds
 * its id taken. When such a row is being made meanwhile, this waits for it, and the statement that
 * follows closes it. Ordered by session, as locks are.
 */
async function refuseLater(on: Executor, workerId: string, closes: Close[], now: Date): Promise<void> {
  const refused = closes.map((close) => ({ ...close, closed_reason: closedReason(close.closed_by, close.cause) }));
  await sql`
    insert into session_connections (
      id, session_id, worker_id, boot_id, client_address, client_port, created_time, closed_time, closed_reason,
      closed_by, cause, error, bytes_final)
    select t.id, t.session_id, ${workerId}, t.boot_id, ${NOT_ON_RECORD}, 0, ${now}::timestamptz, ${now}::timestamptz,
      t.closed_reason, t.closed_by, t.cause, t.error, true
    from jsonb_to_recordset(${JSON.stringify(refused)}::jsonb) as t (
        id text, session_id text, boot_id text, closed_reason text, closed_by text, cause text, error text)
      join session_workers w on w.session_id = t.session_id and w.worker_id = ${workerId}
    where t.id ~ '^sc_[0-9A-Za-z]{10}$' and not exists (select from session_connections c where c.id = t.id)
    order by t.session_id, t.id
    on conflict (id) do nothing`.execute(on);
}

/**
 * Gives up open connections that `which` selects (columns of `session_connections c`), because
 * nobody will report their end. They close as `worker lost`, and their slots become free.
 */
export function closeLost(on: Executor, which: RawBuilder<unknown>, now: Date): Promise<ChangedSession[]> {
  return rows(
    on,
    sql`
      with touched as (
        select c.session_id from session_connections c where c.closed_time is null and ${which}
      ), ${lockedSessions}, closed as (
        update session_connections c set
          closed_time = ${now}, closed_reason = 'system error', closed_by = 'worker', cause = 'worker lost'
        from locked where locked.id = c.session_id and c.closed_time is null and ${which}
        returning c.session_id, true as freed, false as unmade
      ), ${freeSlots(now)}`,
  );
}

/**
 * Selects, for {@link closeLost}, connections of processes of a worker that are gone: neither the
 * present one, nor draining.
 */
export const ofEarlierProcesses: RawBuilder<unknown> = sql`exists (
  select from workers w where w.id = c.worker_id and w.boot_id <> c.boot_id and c.boot_id <> all(w.draining_boot_ids))`;

/** Locks in one order, so that batches of different workers do not block each other for good. */
const lockedSessions = sql`locked as materialized (
  select id from sessions where id in (select session_id from touched) order by id for update)`;

/**
 * The last part of the statement: frees the slots of `closed` and terminates sessions that are
 * over.
 */
const freeSlots = (now: Date): RawBuilder<unknown> => sql`freed as (
    select session_id, count(*) filter (where freed)::integer as open, count(*) filter (where unmade)::integer as made
    from closed group by session_id
  )
  update sessions s set
    open = s.open - freed.open, made = s.made - freed.made,
    ${ending(now, sql`s.open - freed.open`, sql`s.made - freed.made`)}
  from freed where s.id = freed.session_id and freed.open > 0
  returning s.id, s.status, s.termination_reason`;

/**
 * Assignments that terminate a session `s`, if it is over, which has `open` connections and has
 * made `made`.
 */
export function ending(now: Date, open: RawBuilder<unknown>, made: RawBuilder<unknown>): RawBuilder<unknown> {
  const reason = sql`case
    when ${open} > 0 then null
    when s.status = 'canceling' then case when s.access_revoked then 'access revoked' else 'canceled' end
    when s.expiration_time <= ${now}::timestamptz then 'timed out'
    when s.connection_limit <> -1 and ${made} >= s.connection_limit then 'connection limit' end`;
  return sql`
    termination_reason = coalesce(s.termination_reason, ${reason}),
    status_time = case when ${reason} is null or s.status = 'terminated' then s.status_time else ${now}::timestamptz end,
    status = case when ${reason} is null then s.status else 'terminated' end`;
}

/** Ids of open connections of a worker's process behind the id `after`, in their order. */
export async function openConnections(
  on: Executor,
  process: { workerId: string; bootId: string },
  { after, count }: { after: string; count: number },
): Promise<string[]> {
  const found = await rows<{ id: string }>(
    on,
    sql`select id from session_connections
        where worker_id = ${process.workerId} and boot_id = ${process.bootId} and closed_time is null and id > ${after}
        order by id limit ${count}`,
  );
  return found.map((connection) => connection.id);
}

/** The `ids` that are open connections of the worker. */
export async function knownConnections(on: Executor, workerId: string, ids: string[]): Promise<Set<string>> {
  const known = await rows<{ id: string }>(
    on,
    sql`select id from session_connections
        where id = any(${ids}::text[]) and worker_id = ${workerId} and closed_time is null`,
  );
  return new Set(known.map((connection) => connection.id));
}

/** Marks open connections whose worker is attached to no controller on record. */
export async function markUnreachable(on: Executor, now: Date): Promise<void> {
  await sql`
    update session_connections c set unreachable_since = ${now}
    where c.closed_time is null and c.unreachable_since is null and c.created_time < ${now}
      and not exists (
        select from worker_attachments a where a.worker_id = c.worker_id)`.execute(on);
}
