/** What comes and goes in pieces on a control stream. */
import { status } from '@grpc/grpc-js';
import type { SessionGrant, SessionInventory } from '../../../proto/gen/worker/control';
import { waitFor } from '../../../test/harness/wait';
import { sql, transaction } from '../db/db';
import { createSession, createSessions, createWorld, type World } from '../sessions/sessions.fixture';
import { loadAuthority, type DeploymentAuthority } from '../workers/authority';
import { retireWorker } from '../workers/workers.store';
import { clusterOf, enrolled, startPart, TestWorker, type Keys, type Part } from './control.fixture';
import { WORKER } from '../sessions/sessions.fixture';
import { proofOf } from '../../../test/harness/proofs';

let world: World;
let authority: DeploymentAuthority;
let part: Part;
let keys: Keys;

beforeAll(async () => {
  world = await createWorld(new Date());
  authority = await loadAuthority(world.db.executor, world.kms);
  part = await startPart(world, authority, 'first');
  keys = await enrolled(world, authority, part);
});
afterAll(async () => {
  await part.close();
  await world.close();
});

const newWorker = (bootId?: string) => new TestWorker(clusterOf(part, authority), keys, bootId);
const inventory = (session_id: string, ...ids: string[]): SessionInventory => ({
  session_id,
  connections: ids.map((connection_id) => ({ connection_id, bytes_up: 1n, bytes_down: 1n })),
});
const cancel = (ids: string[]) =>
  transaction(world.db, new Date(), (tx) =>
    sql`update sessions set status = 'canceling', status_time = ${new Date()}, ended_by = 'admin'
      where id = any(${ids}::text[])`.execute(tx),
  );

test('an inventory in pieces is compared piece by piece', async () => {
  const [kept, ended] = [await createSession(world, new Date()), await createSession(world, new Date())];
  const before = newWorker('boot-1');
  await before.attach();
  const { connection_id } = await before.authorize(kept);
  await before.close();
  await cancel([ended]);
  const worker = newWorker('boot-1');
  const welcome = await worker.attach({
    ...{ pieces: true, more_inventory: true },
    sessions: [inventory('s_unknown000', 'sc_unknown001')],
  });
  expect(welcome.cancel_sessions.map((session) => session.session_id)).toEqual(['s_unknown000']);
  expect(welcome.unknown_connection_ids).toEqual(['sc_unknown001']);
  worker.tell({ $case: 'inventory', value: { sessions: [inventory(ended)], more: true } });
  const first = await worker.hear('reconciled');
  expect(first.cancel_sessions).toMatchObject([{ session_id: ended, cause: 'canceled', closed_by: 'admin' }]);
  const last = [inventory(kept, connection_id, 'sc_unknown002')];
  worker.tell({ $case: 'inventory', value: { sessions: last, more: false } });
  expect(await worker.hear('reconciled')).toMatchObject({
    cancel_sessions: [],
    unknown_connection_ids: ['sc_unknown002'],
  });
  // It was announced as complete.
  worker.tell({ $case: 'inventory', value: { sessions: [], more: false } });
  await waitFor('the end of the stream', () => worker.ended);
  expect(worker.ended!.code).toBe(status.FAILED_PRECONDITION);
});

test('a piece that nobody announced, or that comes before the answer to the one before, ends the stream', async () => {
  for (const more_inventory of [false, true]) {
    const worker = newWorker();
    await worker.attach({ pieces: true, more_inventory });
    const piece = { $case: 'inventory' as const, value: { sessions: [inventory('s_unknown000')], more: true } };
    worker.tell(piece);
    worker.tell(piece);
    await waitFor('the end of the stream', () => worker.ended);
    expect(worker.ended!.code).toBe(status.FAILED_PRECONDITION);
  }
});

test('grants come behind the Welcome; a change while they come is not overtaken by them', async () => {
  const ids = await createSessions(world, 1_700, { now: new Date() });
  const worker = newWorker();
  worker.hello({ pieces: true });
  const canceling = cancel(ids.slice(0, 800));
  expect((await worker.hear('welcome')).grants).toEqual([]);
  await canceling;
  // What a worker believes after all that it has heard, in order.
  const told = (): Map<string, 'live' | 'ended'> => {
    const sessions = new Map<string, 'live' | 'ended'>();
    const grant = ({ session_id }: SessionGrant) => sessions.set(session_id, 'live');
    for (const message of worker.heard) {
      if (message.$case === 'session_grant') grant(message.value);
      else if (message.$case === 'grants') message.value.grants.forEach(grant);
      else if (message.$case === 'cancel_session') sessions.set(message.value.session_id, 'ended');
      else if (message.$case === 'cancel_sessions') {
        for (const { session_id } of message.value.sessions) sessions.set(session_id, 'ended');
      }
    }
    return sessions;
  };
  const live = (some: string[]) => some.filter((id) => told().get(id) === 'live').length;
  await waitFor('the live ones', () => live(ids.slice(800)) === 900);
  await waitFor('the ended ones', () => live(ids.slice(0, 800)) === 0);
  await worker.close();
}, 30_000);

test('the end of many sessions is told in few messages, and one by one to a worker of the previous release', async () => {
  const ids = await createSessions(world, 1_200, { now: new Date() });
  const [worker, former] = [newWorker('boot-new'), newWorker('boot-old')];
  await former.attach();
  await worker.attach({ pieces: true, draining_boot_ids: ['boot-old'] });
  await retireWorker(world.db.executor, proofOf('worker', 'delete', WORKER));
  const canceled = (one: TestWorker) =>
    one.heard.flatMap((message) => {
      if (message.$case === 'cancel_session') return [message.value.session_id];
      return message.$case === 'cancel_sessions' ? message.value.sessions.map((session) => session.session_id) : [];
    });
  const hasAll = (one: TestWorker) => () => ids.every((id) => new Set(canceled(one)).has(id));
  for (const one of [worker, former]) await waitFor('all to be told', hasAll(one));
  const messages = worker.heard.filter(({ $case }) => $case === 'cancel_sessions' || $case === 'cancel_session');
  expect(messages.length).toBeLessThan(20);
  expect(former.heard.some(({ $case }) => $case === 'cancel_sessions' || $case === 'grants')).toBe(false);
  await Promise.all([worker.close(), former.close()]);
}, 30_000);

test('what is remembered of pushed grants is bounded', () => {
  const push = (session_id: string) => part.control.pushGrant([], { session_id, role: undefined, expires_in_ms: 0n });
  for (let i = 0; i < 1_001; i++) push(`s_${i}`);
  expect([part.control.wasPushed('s_0'), part.control.wasPushed('s_1000')]).toEqual([false, true]);
});
