/** SQL that makes a session. */
import type { Allowed } from '../authz/authz';
import { row, sql, type Executor, type RawBuilder } from '../db/db';
import { without } from '../resources/list-edits';
import type { Count, Counted, SessionLimits, SessionPlaces } from './session-places';

export interface NewSession {
  id: string;
  /** Version of the target that the rest was read from. */
  targetVersion: number;
  hostId: string | null;
  hostSetId: string | null;
  endpoint: string;
  certificate: Buffer;
  /** Encrypted. */
  privateKey: Buffer;
  keyId: string;
  correlationId: string;
  now: Date;
  expiration: Date;
  /** In order of preference. */
  workerIds: string[];
}

/** What became of a new session. */
export type Inserted =
  | { outcome: 'made'; /** Those that may serve it, in order of preference. */ workerIds: string[] }
  | { outcome: 'target changed' }
  | { outcome: 'no place'; limit: keyof SessionLimits };

/**
 * Inserts the session as `pending`, with the target's limits, and the workers that may serve it and
 * have room. It is one statement, which is its own transaction. It inserts nothing when a limit has
 * been reached, or when the target has changed since it was read.
 */
export async function insertSession(
  on: Executor,
  allowed: Allowed<'target', 'authorize-session'>,
  session: NewSession,
  places: SessionPlaces,
): Promise<Inserted> {
  const { workerIds } = session;
  const count = places.count(allowed.id, workerIds);
  const found = await row<Counted & { refused: keyof SessionLimits | null; full_workers: string[]; made: boolean }>(
    on,
    sql`
      with place as materialized (${takePlace(allowed, workerIds.length, places.limits, count)}), target as (
        select * from targets where id = ${allowed.id} and version = ${session.targetVersion} for share
      ), made as (
        insert into sessions (
          id, scope_id, target_id, user_id, auth_token_id, host_id, host_set_id, by_address, type, endpoint, certificate,
          private_key, key_id, connection_limit, concurrent_connection_limit, offline_grace_seconds, end_on_token_expiry,
          egress_worker_filter, correlation_id, expiration_time, status_time, created_time, updated_time)
        select
          ${session.id}, target.scope_id, target.id, ${allowed.actor.userId}, ${allowed.actor.authTokenId}, ${session.hostId},
          ${session.hostSetId}, target.address is not null, target.type, ${session.endpoint},
          ${session.certificate}::bytea, ${session.privateKey}::bytea, ${session.keyId}, target.session_connection_limit,
          target.session_concurrent_connection_limit, target.offline_grace_seconds, target.end_sessions_on_token_expiry,
          coalesce(target.egress_worker_filter, target.worker_filter), ${session.correlationId},
          ${session.expiration}::timestamptz, ${session.now}::timestamptz, ${session.now}::timestamptz,
          ${session.now}::timestamptz
        from target, place
        where place.refused is null
        returning id
      ), served as (
        insert into session_workers (session_id, worker_id, preference)
        select made.id, w.id, w.n from made, place, unnest(${workerIds}::text[]) with ordinality as w (id, n)
        where w.id <> all(place.full_workers)
      )
      select place.*, exists (select from made) as made from place`,
  );
  const { refused, full_workers: full, made, ...counted } = found!;
  places.note(count, counted);
  if (refused !== null) return { outcome: 'no place', limit: refused };
  if (!made) return { outcome: 'target changed' };
  return { outcome: 'made', workerIds: without(workerIds, full) };
}

const takePlace = (
  allowed: Allowed<'target', 'authorize-session'>,
  workers: number,
  limits: SessionLimits,
  count: Count,
): RawBuilder<unknown> => sql`
  select * from take_session_place(
    ${allowed.actor.userId}, ${limits.sessions_pending_per_user}, ${limits.sessions_live_per_user},
    ${count.target}, ${limits.sessions_pending_per_target}, ${limits.sessions_live_per_target},
    ${count.workers}::text[], ${workers - count.workers.length}, ${limits.sessions_live_per_worker})`;
