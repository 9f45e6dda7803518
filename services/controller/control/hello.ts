/**
 * The first message of a stream and its answer: what the worker believes is compared with what is true. Connections
 * of an earlier process of the worker are lost; sessions that ended meanwhile are canceled; connections nobody knows
 * are to be cut.
 */
import type { CancelSession, Hello, SessionGrant } from '../../../proto/gen/worker/control';
import { sql, transaction } from '../db/db';
import * as connections from '../sessions/connections.store';
import * as sessions from '../sessions/sessions.store';
import type { Tags } from '../workers/workers';
import type { ControlDeps } from './control';
import * as store from './control.store';
import { cancellation, grantOfRow } from './grants';
import { toStat } from './reports';

export interface Reconciliation {
  cancel_sessions: CancelSession[];
  unknown_connection_ids: string[];
  grants: SessionGrant[];
  /** Open on record, but not in the worker's inventory: their closes are on the way, or nobody will send them. */
  missing: Set<string>;
}

/** Longest address, release and tag taken from a worker, characters. */
const MAX_TEXT = 512;

/** Tags of the worker's own configuration, lower-case keys and values. */
export function tagsOf(hello: Hello): Tags {
  return Object.fromEntries(
    Object.entries(hello.config_tags).map(([key, tag]) => [
      key.toLowerCase().slice(0, MAX_TEXT),
      [...new Set((tag.values ?? []).map((value) => value.toLowerCase().slice(0, MAX_TEXT)))],
    ]),
  );
}

/** Puts the attachment on record; false when the worker does not exist (any more). */
export async function recordAttachment(
  deps: ControlDeps,
  ids: { workerId: string; attachmentId: string },
  hello: Hello,
): Promise<boolean> {
  const now = deps.clock.now();
  return transaction(deps.db, now, async (tx) => {
    const known = await store.attach(tx, {
      ...ids,
      controllerId: deps.controllerId,
      bootId: hello.boot_id,
      address: hello.address.slice(0, MAX_TEXT),
      releaseVersion: hello.release_version.slice(0, MAX_TEXT),
      configTags: tagsOf(hello),
      draining: hello.draining,
      now,
    });
    if (!known) return false;
    await connections.closeLost(tx, sql`c.worker_id = ${ids.workerId} and c.boot_id <> ${hello.boot_id}`, now);
    return true;
  });
}

/** Compares the inventory with the database. */
export async function reconcile(deps: ControlDeps, workerId: string, hello: Hello): Promise<Reconciliation> {
  const on = deps.db.executor;
  const now = deps.clock.now();
  const live = hello.sessions.flatMap((session) => session.connections);
  const ids = live.map((connection) => connection.connection_id);
  await connections.recordStats(
    on,
    workerId,
    live.map((connection) => toStat({ ...connection, endpoint_address: '', endpoint_port: 0 })),
  );
  const known = await connections.knownConnections(on, workerId, ids);
  const open = await connections.openConnections(on, workerId, hello.boot_id);
  const inventory = new Set(ids);
  return {
    cancel_sessions: await endedSessions(deps, workerId, hello, now),
    unknown_connection_ids: ids.filter((id) => !known.has(id)),
    grants: await currentGrants(deps, workerId, now),
    missing: new Set(open.map((connection) => connection.id).filter((id) => !inventory.has(id))),
  };
}

async function endedSessions(deps: ControlDeps, workerId: string, hello: Hello, now: Date): Promise<CancelSession[]> {
  const ids = hello.sessions.map((session) => session.session_id);
  const states = new Map((await sessions.statesFor(deps.db.executor, workerId, ids)).map((state) => [state.id, state]));
  return ids.flatMap((session_id) => {
    const state = states.get(session_id);
    if (state === undefined) return [{ session_id, cause: 'canceled', closed_by: 'controller' }];
    return cancellation(state, now) ?? [];
  });
}

async function currentGrants(deps: ControlDeps, workerId: string, now: Date): Promise<SessionGrant[]> {
  const rows = await sessions.grantsOfWorker(deps.db.executor, workerId, now);
  const grants = await Promise.all(rows.map((row) => grantOfRow(deps.kms, deps.db.executor, row, now)));
  return grants.filter((grant) => grant !== undefined);
}
