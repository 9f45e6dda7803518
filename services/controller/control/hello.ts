/**
 * The first message of a stream and its answer: what the worker believes is compared with what is
 * true. Connections of an earlier process of the worker are lost, unless that process drains beside
 * this one; sessions that ended meanwhile are canceled; connections nobody knows are to be cut.
 */
import type { CancelSession, ConnectionInventory, Hello, SessionInventory } from '../../../proto/gen/worker/control';
import { databaseError, LIMIT_REACHED, sql, transaction, type Tx } from '../db/db';
import * as connections from '../sessions/connections.store';
import * as sessions from '../sessions/sessions.store';
import { MAX_TAG_BYTES, MAX_TAG_TEXT, MAX_TAGS, tagBytes } from '../workers/worker-tags';
import type { Tags } from '../workers/workers';
import type { ControlDeps } from './control-deps';
import * as store from './control.store';
import { cancellation } from './grants';
import { toStat } from './reports';

/** What is to be cut of a worker's inventory. */
export interface Reconciliation {
  cancel_sessions: CancelSession[];
  unknown_connection_ids: string[];
}

/**
 * Sessions and connections that are looked up at once, and open connections that are read at once.
 */
const BATCH = 1_000;

/**
 * Longest address and release taken from a worker, bytes. The schema's `list_bytes` counts their
 * sum for each worker.
 */
const MAX_ADDRESS = 260;
const MAX_RELEASE = 64;
/** Longest boot id taken, and most processes of a worker that may drain at once. */
export const MAX_BOOT_ID = 100;
const MAX_DRAINING = 100;

/**
 * Tags of the worker's own configuration, lower-case keys and values. Every authorize-session looks
 * at them.
 */
export function tagsOf(hello: Pick<Hello, 'config_tags'>): Tags {
  const tags = new Map<string, Set<string>>();
  let [pairs, bytes] = [0, 0];
  for (const [name, { values = [] }] of Object.entries(hello.config_tags)) {
    const key = shortened(name);
    for (const text of values) {
      const value = shortened(text);
      const taken = tags.get(key);
      if (taken?.has(value)) continue;
      pairs++;
      bytes += tagBytes(key, value);
      if (pairs > MAX_TAGS || bytes > MAX_TAG_BYTES) return tagsFrom(tags);
      if (taken === undefined) tags.set(key, new Set([value]));
      else taken.add(value);
    }
  }
  return tagsFrom(tags);
}

/** Never cuts a character in half: halves cannot be stored. */
const shortened = (text: string): string =>
  text
    .toLowerCase()
    .slice(0, MAX_TAG_TEXT)
    .replace(/[\ud800-\udbff]$/, '');

const tagsFrom = (tags: ReadonlyMap<string, ReadonlySet<string>>): Tags =>
  Object.fromEntries([...tags].map(([key, values]) => [key, [...values]]));

/** The longest beginning that takes at most so many bytes. */
const beginning = (text: string, bytes: number): string =>
  new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true });

/** Those of `tags` that are on record already. */
const knownTags = (tags: Tags, onRecord: Tags): Tags =>
  tagsFrom(
    new Map(
      Object.entries(tags)
        .map(([key, values]) => [key, new Set(values.filter((value) => known(onRecord, key).includes(value)))] as const)
        .filter(([, values]) => values.size > 0),
    ),
  );

const known = (tags: Tags, key: string): readonly string[] => (Object.hasOwn(tags, key) ? tags[key]! : []);

/** Earlier processes of the worker that drain beside the one that says Hello. */
export const drainingBootIds = ({ draining_boot_ids, boot_id }: Hello): string[] =>
  [...new Set(draining_boot_ids)].filter((id) => id !== boot_id && id.length <= MAX_BOOT_ID).slice(0, MAX_DRAINING);

interface Stream {
  readonly workerId: string;
  readonly id: string;
  readonly isEnded: boolean;
}

/**
 * Puts the attachment on record, unless its stream ends meanwhile: nobody would remove it
 * afterwards.
 */
export async function recordAttachment(deps: ControlDeps, stream: Stream, hello: Hello): Promise<store.Attached> {
  // The record is that of the process which has taken over.
  if (hello.handed_over) {
    return (await store.exists(deps.db.executor, stream.workerId)) ? 'handed over' : 'unknown worker';
  }
  try {
    return await record(deps, stream, hello, () => tagsOf(hello));
  } catch (error) {
    if (databaseError(error)?.code !== LIMIT_REACHED) throw error;
    // No report of a worker about itself keeps it out of service: it attaches without tags that are
    // too many.
    deps.log.warn({ err: error, worker_id: stream.workerId }, 'new tags of a worker are left out: they do not fit');
    return record(deps, stream, hello, async (tx) =>
      knownTags(tagsOf(hello), await store.lockedTags(tx, stream.workerId)),
    );
  }
}

function record(
  deps: ControlDeps,
  stream: Stream,
  hello: Hello,
  tags: (tx: Tx) => Tags | Promise<Tags>,
): Promise<store.Attached> {
  const now = deps.clock.now();
  return transaction(deps.db, now, async (tx) => {
    const attached = await store.attach(tx, {
      workerId: stream.workerId,
      attachmentId: stream.id,
      controllerId: deps.controllerId,
      bootId: hello.boot_id,
      drainingBootIds: drainingBootIds(hello),
      goesOn: hello.goes_on,
      address: beginning(hello.address, MAX_ADDRESS),
      releaseVersion: beginning(hello.release_version, MAX_RELEASE),
      configTags: await tags(tx),
      draining: hello.draining,
      now,
    });
    if (attached !== 'on record') return attached;
    await connections.closeLost(tx, sql`c.worker_id = ${stream.workerId} and ${connections.ofEarlierProcesses}`, now);
    if (stream.isEnded) throw new Error('the stream ended before it was on record');
    return attached;
  });
}

/** Connections of the worker's process that are open on record. */
export async function openOnRecord(deps: ControlDeps, workerId: string, bootId: string): Promise<Set<string>> {
  const open = new Set<string>();
  for (let after: string | undefined = ''; after !== undefined;) {
    const batch: string[] = await connections.openConnections(
      deps.db.executor,
      { workerId, bootId },
      { after, count: BATCH },
    );
    for (const id of batch) open.add(id);
    after = batch.length < BATCH ? undefined : batch.at(-1);
  }
  return open;
}

/** Compares an inventory, or a piece of one, with the database. */
export async function reconcile(
  deps: ControlDeps,
  workerId: string,
  inventory: readonly SessionInventory[],
): Promise<Reconciliation> {
  const found: Reconciliation = { cancel_sessions: [], unknown_connection_ids: [] };
  const live = inventory.flatMap((session) => session.connections);
  for (const some of batches(live)) {
    found.unknown_connection_ids.push(...(await unknownConnections(deps, workerId, some)));
  }
  for (const some of batches(inventory)) found.cancel_sessions.push(...(await endedSessions(deps, workerId, some)));
  return found;
}

function* batches<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}

/** Notes the counts of connections; answers those that are not open on record. */
async function unknownConnections(
  deps: ControlDeps,
  workerId: string,
  live: readonly ConnectionInventory[],
): Promise<string[]> {
  const on = deps.db.executor;
  const stats = live.map((connection) => toStat({ ...connection, endpoint_address: '', endpoint_port: 0 }));
  await connections.recordStats(on, workerId, stats);
  const ids = live.map((connection) => connection.connection_id);
  const known = await connections.knownConnections(on, workerId, ids);
  return ids.filter((id) => !known.has(id));
}

async function endedSessions(
  deps: ControlDeps,
  workerId: string,
  inventory: readonly SessionInventory[],
): Promise<CancelSession[]> {
  const now = deps.clock.now();
  const ids = inventory.map((session) => session.session_id);
  const states = new Map((await sessions.statesFor(deps.db.executor, workerId, ids)).map((state) => [state.id, state]));
  return ids.flatMap((session_id) => {
    const state = states.get(session_id);
    if (state === undefined) return [{ session_id, cause: 'canceled', closed_by: 'controller' }];
    return cancellation(state, now) ?? [];
  });
}
