/** SQL of sessions, one function per use case. */
import { limit } from '../../../lib/limits/limit';
import type { Allowed } from '../authz/authz';
import { changed, row, rows, sql, type Executor, type RawBuilder, type Tx } from '../db/db';
import { scopeColumn } from '../resources/rows';
import { ending, NOT_ON_RECORD, type ChangedSession } from './connections.store';
import type { SessionStatus } from './connections';
import type { EndedBy, SessionRow, TerminationReason } from './sessions';

const columns = sql`
  r.id, r.scope_id, r.target_id, r.user_id, r.auth_token_id, r.host_id, r.host_set_id, r.type, r.endpoint, r.certificate,
  r.expiration_time, r.status, r.termination_reason, r.canceled_by, r.connection_limit, r.made,
  r.concurrent_connection_limit, r.open, r.created_time, r.updated_time, r.version,
  (select jsonb_agg(jsonb_build_object('status', t.status, 'start_time', t.start_time, 'end_time', t.end_time)
    order by t.start_time desc) from session_states t where t.session_id = r.id) as states, ${scopeColumn}`;

/** Sessions as lists show them: ended ones only on request. */
export const fromSessions = (includeTerminated: boolean): RawBuilder<unknown> =>
  includeTerminated ? sql`from sessions r` : sql`from (select * from sessions where status <> 'terminated') r`;

export const selectSessions = (includeTerminated: boolean): RawBuilder<unknown> =>
  sql`select ${columns} ${fromSessions(includeTerminated)} join scopes s on s.id = r.scope_id`;

/** One session without its connections. */
export function findSession(on: Executor, id: string): Promise<SessionRow | undefined> {
  return find(on, id, sql``);
}

const MAX_CONNECTIONS = limit('shown connections of a session', 1_000, {
  what: 'connections that a read of a session shows',
  unit: 'connections',
  reached: 'the newest are shown; the others still count in `connections_used`',
  test: 'services/controller/sessions/connections.test.ts: a session shows its newest thousand connections',
});

/** One session with its newest connections. */
export function findSessionWithConnections(on: Executor, id: string): Promise<SessionRow | undefined> {
  return find(
    on,
    id,
    sql`, coalesce((select jsonb_agg(jsonb_build_object(
        'client_address', c.client_address, 'client_port', c.client_port,
        'endpoint_address', c.endpoint_address, 'endpoint_port', c.endpoint_port,
        'bytes_up', c.bytes_up::text, 'bytes_down', c.bytes_down::text, 'closed_reason', c.closed_reason,
        'closed_by', c.closed_by, 'cause', c.cause, 'error', c.error,
        'connect_latency_us', c.connect_latency_us, 'first_byte_latency_us', c.first_byte_latency_us) order by c.created_time desc, c.id desc)
      from (select * from session_connections where session_id = r.id and client_address <> ${NOT_ON_RECORD}
        order by created_time desc, id desc limit ${MAX_CONNECTIONS}) c), '[]')
      as connections`,
  );
}

async function find(on: Executor, id: string, more: RawBuilder<unknown>): Promise<SessionRow | undefined> {
  const found = await row<SessionRow>(
    on,
    sql`select ${columns}${more} from sessions r left join scopes s on s.id = r.scope_id where r.id = ${id}`,
  );
  return found?.scope_id === null ? { ...found, scope: null } : found;
}

/** False when the session has ended already, or `version` is one that it never had. */
export async function cancelSession(
  tx: Tx,
  allowed: Allowed<'session', 'cancel' | 'cancel:self'>,
  cancel: { version: number; now: Date },
): Promise<boolean> {
  // The version may be an older one: an activation that happened since is no reason to keep the
  // session.
  return (
    (await changed(
      tx,
      sql`update sessions set status = 'canceling', status_time = ${cancel.now}, ended_by = 'admin',
            canceled_by = ${allowed.actor.userId}
          where id = ${allowed.id} and status in ('pending', 'active') and version >= ${cancel.version}`,
    )) === 1
  );
}

/** What a worker needs to serve a session. */
export interface GrantRow {
  id: string;
  endpoint: string;
  certificate: Buffer;
  private_key: Buffer;
  /** Null once the project's keys are gone; the session is then ended. */
  key_id: string | null;
  connection_limit: number;
  offline_grace_seconds: number | null;
  expiration_time: Date;
  status: SessionStatus;
  termination_reason: TerminationReason | null;
  ended_by: EndedBy | null;
}

const grantColumns = sql`s.id, s.endpoint, s.certificate, s.private_key, s.key_id, s.connection_limit,
  s.offline_grace_seconds, s.expiration_time, s.status, s.termination_reason, s.ended_by`;

/** Where a batch begins, and how long it is. */
interface Batch {
  /** Id behind which it begins; empty for the first. */
  after: string;
  count: number;
}

/** Sessions that the worker may serve now, in the order of their ids. */
export function grantsOfWorker(
  on: Executor,
  workerId: string,
  now: Date,
  { after, count }: Batch,
): Promise<GrantRow[]> {
  return rows(
    on,
    sql`select ${grantColumns} from session_workers w join sessions s on s.id = w.session_id
        where w.worker_id = ${workerId} and w.live and w.session_id > ${after}
          and s.status in ('pending', 'active') and s.expiration_time > ${now} and s.key_id is not null
        order by w.session_id limit ${count}`,
  );
}

/** Ids of the sessions that the worker may serve, in their order. */
export async function liveSessionsOf(on: Executor, workerId: string, { after, count }: Batch): Promise<string[]> {
  const found = await rows<{ id: string }>(
    on,
    sql`select s.id from session_workers w join sessions s on s.id = w.session_id
        where w.worker_id = ${workerId} and w.live and w.session_id > ${after} and s.status in ('pending', 'active')
        order by w.session_id limit ${count}`,
  );
  return found.map((session) => session.id);
}

/** A session of the worker, ended or not. */
export function grantOf(on: Executor, workerId: string, sessionId: string): Promise<GrantRow | undefined> {
  return row(
    on,
    sql`select ${grantColumns} from sessions s join session_workers w on w.session_id = s.id
        where w.worker_id = ${workerId} and s.id = ${sessionId}`,
  );
}

/** A session that has changed, with the workers it concerns. */
export interface PushRow extends GrantRow {
  worker_ids: string[];
  open: number;
}

/** Sessions by id, for the workers among `workerIds`. */
export function sessionsToPush(on: Executor, ids: string[], workerIds: string[]): Promise<PushRow[]> {
  return rows(
    on,
    sql`select ${grantColumns}, s.open, coalesce(array_agg(w.worker_id) filter (where w.worker_id is not null), '{}') as worker_ids
        from sessions s
        left join session_workers w on w.session_id = s.id and w.worker_id = any(${workerIds}::text[])
        where s.id = any(${ids}::text[])
        group by s.id`,
  );
}

/**
 * How long connections may stay open after a cancellation before the worker counts as not informed,
 * ms.
 */
const HEARING_MS = 1_000;

/**
 * Ended sessions that still have open connections on one of the workers, which has missed their
 * cancellation.
 */
export async function unheardEnds(on: Executor, workerIds: string[], now: Date): Promise<string[]> {
  const canceledBefore = new Date(now.getTime() - HEARING_MS);
  const found = await rows<{ id: string }>(
    on,
    sql`select distinct s.id from session_connections c join sessions s on s.id = c.session_id
        where c.closed_time is null and c.worker_id = any(${workerIds}::text[])
          and ((s.status = 'canceling' and s.status_time <= ${canceledBefore}) or s.expiration_time <= ${now})`,
  );
  return found.map((session) => session.id);
}

/** State of those of `ids` that the worker may serve. */
export function statesFor(
  on: Executor,
  workerId: string,
  ids: string[],
): Promise<Pick<GrantRow, 'id' | 'status' | 'termination_reason' | 'ended_by' | 'expiration_time'>[]> {
  return rows(
    on,
    sql`select s.id, s.status, s.termination_reason, s.ended_by, s.expiration_time
        from sessions s join session_workers w on w.session_id = s.id
        where w.worker_id = ${workerId} and s.id = any(${ids}::text[])`,
  );
}

export interface EndAnswer {
  ended: boolean;
  status: SessionStatus | null;
}

/** A client ends its session; another client's token ends nothing. */
export async function endSession(
  on: Executor,
  end: { sessionId: string; workerId: string; tofuHmac: Buffer; now: Date },
): Promise<EndAnswer> {
  const found = await row<EndAnswer>(
    on,
    sql`
      with ended as (
        update sessions s set status = 'canceling', status_time = ${end.now}, ended_by = 'client'
        where s.id = ${end.sessionId} and s.status in ('pending', 'active')
          and (s.tofu_hmac is null or s.tofu_hmac = ${end.tofuHmac}::bytea)
          and exists (select from session_workers w where w.session_id = s.id and w.worker_id = ${end.workerId})
        returning s.id
      )
      select ended.id is not null as ended, case when w.worker_id is null then null else s.status end as status
      from (select ${end.sessionId}::text as id) asked
      left join ended on ended.id = asked.id
      left join sessions s on s.id = asked.id
      left join session_workers w on w.session_id = s.id and w.worker_id = ${end.workerId}`,
  );
  return found!;
}

/**
 * Ends live sessions that are set to end with their token, when the token expired by `now` or was
 * last used by `stale`.
 */
export async function endWithExpiredToken(on: Executor, now: Date, stale: Date): Promise<void> {
  await sql`
    with due as materialized (
      select s.id from sessions s join auth_tokens t on t.id = s.auth_token_id
      where s.end_on_token_expiry and s.status in ('pending', 'active')
        and (t.expiration_time <= ${now} or t.approximate_last_used_time <= ${stale})
      order by s.id for update of s
    )
    update sessions s set status = 'canceling', status_time = ${now}, ended_by = 'policy'
    from due where s.id = due.id`.execute(on);
}

/** Sessions that one statement of a periodic task terminates or looks at. */
export const TASK_BATCH = 500;

/**
 * Terminates sessions that are over: canceled, expired or at their limit, with no open connection.
 */
export function terminateEnded(on: Executor, now: Date): Promise<ChangedSession[]> {
  return rows(
    on,
    sql`
      with due as materialized (
        (select id from sessions where status = 'canceling' and open = 0 order by status_time limit ${TASK_BATCH})
        union
        (select id from sessions where status <> 'terminated' and expiration_time <= ${now} and open = 0
          order by expiration_time limit ${TASK_BATCH})
      ), locked as materialized (
        select id from sessions where id in (select id from due) order by id for update skip locked
      )
      update sessions s set ${ending(now, sql`s.open`, sql`s.made`)}
      from locked where s.id = locked.id and s.open = 0 and s.status <> 'terminated'
      returning s.id, s.status, s.termination_reason`,
  );
}

/** Terminates one canceled session that has nothing open. */
export async function terminateCanceled(on: Executor, ids: string[], now: Date): Promise<void> {
  await sql`update sessions s set ${ending(now, sql`s.open`, sql`s.made`)}
    where s.id = any(${ids}::text[]) and s.status = 'canceling' and s.open = 0`.execute(on);
}

/** Selects, for `closeLost`, connections of sessions that ended before `deadline`. */
export const ofSessionsEndedBefore = (deadline: Date): RawBuilder<unknown> => sql`c.session_id in (
  select id from sessions where status = 'canceling' and status_time <= ${deadline} and open > 0
  union all
  select id from sessions where status <> 'terminated' and expiration_time <= ${deadline} and open > 0)`;

/** Deletes sessions that were terminated before `before`; answers how many. */
export function purgeSessions(tx: Tx, before: Date): Promise<number> {
  return changed(
    tx,
    sql`delete from sessions where id in (
          select id from sessions where status = 'terminated' and status_time < ${before}
          order by status_time limit ${TASK_BATCH} for update skip locked)`,
  );
}
