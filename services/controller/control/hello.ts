/**
 * The first message of a stream and its answer: what the worker believes is compared with what is true. Connections of
 * an earlier process of the worker are lost, unless that process drains beside this one; sessions that ended meanwhile are
 * canceled; connections nobody knows are to be cut.
 */
import type { CancelSession, Hello, SessionGrant } from '../../../proto/gen/worker/control';
import { sql, transaction } from '../db/db';
import * as connections from '../sessions/connections.store';
import * as sessions from '../sessions/sessions.store';
import { MAX_TAGS } from '../workers/worker-tags';
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
/** Longest boot id taken, and most processes of a worker that may drain at once. */
export const MAX_BOOT_ID = 100;
const MAX_DRAINING = 100;

/** Tags of the worker's own configuration, lower-case keys and values. Every authorize-session looks at them. */
export function tagsOf(hello: Pick<Hello, 'config_tags'>): Tags {
  const tags: Tags = {};
  let left = MAX_TAGS;
  for (const [key, tag] of Object.entries(hello.config_tags)) {
    if (left === 0) break;
    const texts = (tag.values ?? []).map((value) => value.toLowerCase().slice(0, MAX_TEXT));
    const values = [...new Set(texts)].slice(0, left);
    tags[key.toLowerCase().slice(0, MAX_TEXT)] = values;
    left -= values.length;
  }
  return tags;
}

/** Earlier processes of the worker that drain beside the one that says Hello. */
export const drainingBootIds = ({ draining_boot_ids, boot_id }: Hello): string[] =>
  [...new Set(draining_boot_ids)].filter((id) => id !== boot_id && id.length <= MAX_BOOT_ID).slice(0, MAX_DRAINING);

/** Puts the attachment on record, unless its stream ends meanwhile: nobody would take it off again. */
export async function recordAttachment(
  deps: ControlDeps,
  stream: { readonly workerId: string; readonly id: string; readonly isEnded: boolean },
  hello: Hello,
): Promise<store.Attached> {
  // The record is that of the process which has taken over.
  if (hello.handed_over) {
    return (await store.exists(deps.db.executor, stream.workerId)) ? 'handed over' : 'unknown worker';
  }
  const now = deps.clock.now();
  return transaction(deps.db, now, async (tx) => {
    const attached = await store.attach(tx, {
      workerId: stream.workerId,
      attachmentId: stream.id,
      controllerId: deps.controllerId,
      bootId: hello.boot_id,
      drainingBootIds: drainingBootIds(hello),
      goesOn: hello.goes_on,
      address: hello.address.slice(0, MAX_TEXT),
      releaseVersion: hello.release_version.slice(0, MAX_TEXT),
      configTags: tagsOf(hello),
      draining: hello.draining,
      now,
    });
    if (attached !== 'on record') return attached;
    await connections.closeLost(tx, sql`c.worker_id = ${stream.workerId} and ${connections.ofEarlierProcesses}`, now);
    if (stream.isEnded) throw new Error('the stream ended before it was on record');
    return attached;
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
