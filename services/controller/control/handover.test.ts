/**
 * Two processes of one worker: the later one has taken over, the earlier one drains, at the same or
 * another controller.
 */
import { waitFor } from '../../../test/harness/wait';
import { row, sql, transaction } from '../db/db';
import { createSession, createWorld, type World } from '../sessions/sessions.fixture';
import { expireControllers } from '../tasks/session-tasks';
import { loadAuthority, type DeploymentAuthority } from '../workers/authority';
import { candidates } from '../workers/workers.store';
import { clusterOf, enrolled, startPart, TestWorker, type Keys, type Part } from './control.fixture';

let world: World;
let authority: DeploymentAuthority;
let parts: Part[];
let keys: Keys;

beforeAll(async () => {
  world = await createWorld(new Date());
  authority = await loadAuthority(world.db.executor, world.kms);
  parts = [await startPart(world, authority, 'first'), await startPart(world, authority, 'second')];
  keys = await enrolled(world, authority, parts[0]!);
});
afterAll(async () => {
  for (const part of parts) await part.close();
  await world.close();
});

const workerAt = (at: number, bootId?: string) => new TestWorker(clusterOf(parts[at]!, authority), keys, bootId);
const cancel = (id: string) =>
  transaction(world.db, new Date(), (tx) =>
    sql`update sessions set status = 'canceling', status_time = ${new Date()}, ended_by = 'admin' where id = ${id}`.execute(
      tx,
    ),
  );
const cause = async (id: string) =>
  (await row<{ cause: string | null }>(world.db.executor, sql`select cause from session_connections where id = ${id}`))
    ?.cause;
const present = async () =>
  (await row<{ boot_id: string }>(world.db.executor, sql`select boot_id from worker_attachments`))?.boot_id;

test.each([
  ['the same controller', 0],
  ['another controller', 1],
])('at %s: both are told of cancels, only the later one of new sessions, and nothing is lost', async (_, at) => {
  const earlier = workerAt(0);
  await earlier.attach();
  const id = await createSession(world, new Date());
  const { connection_id } = await earlier.authorize(id);
  const later = workerAt(at);
  const welcome = await later.attach({ draining_boot_ids: [earlier.bootId] });
  expect(welcome.grants.map((grant) => grant.session_id)).toContain(id);
  earlier.tell({ $case: 'draining', value: { handed_over: true } });
  // A request on the same stream shows that the message before it was heard.
  await earlier.authorize(id, { connection_id });
  expect(earlier.ended).toBeUndefined();
  expect(await candidates(world.db.executor, new Date())).toHaveLength(1);
  expect(await present()).toBe(later.bootId);

  const fresh = await createSession(world, new Date());
  await later.hear('session_grant', (value) => value.session_id === fresh);
  expect(earlier.heard.some((m) => m.$case === 'session_grant' && m.value.session_id === fresh)).toBe(false);
  await expireControllers(world.db, new Date(), undefined);
  expect(await cause(connection_id)).toBeNull();

  // Its stream breaks and comes back: the record stays that of the later one.
  await earlier.close();
  const again = workerAt(0, earlier.bootId);
  const sessions = [{ session_id: id, connections: [{ connection_id, bytes_up: 7n, bytes_down: 8n }] }];
  const back = await again.attach({ draining: true, handed_over: true, sessions });
  expect([back.unknown_connection_ids, back.cancel_sessions]).toEqual([[], []]);
  expect(await present()).toBe(later.bootId);
  expect(later.ended).toBeUndefined();
  const own = await later.authorize(id);
  await cancel(id);
  for (const each of [again, later]) await each.hear('cancel_session', (value) => value.session_id === id);
  again.closed(id, connection_id, 1n, { bytes_up: 9n });
  await again.hear('connection_closed_ack');
  later.closed(id, own.connection_id, 1n);
  await later.hear('connection_closed_ack');
  expect([await cause(connection_id), await cause(own.connection_id)]).toEqual(['fin', 'fin']);
  for (const each of [again, later]) await each.close();
});

test('what a process that has ended did not report is lost at once; its last reports count', async () => {
  const earlier = workerAt(0);
  await earlier.attach();
  const id = await createSession(world, new Date());
  const told = await earlier.authorize(id);
  const untold = await earlier.authorize(id);
  const later = workerAt(1);
  await later.attach({ draining_boot_ids: [earlier.bootId] });
  await earlier.close();
  later.closed(id, told.connection_id, 1n, { boot_id: earlier.bootId });
  later.tell({ $case: 'process_ended', value: { boot_id: earlier.bootId } });
  await waitFor('the lost one', async () => (await cause(untold.connection_id)) === 'worker lost');
  expect(await cause(told.connection_id)).toBe('fin');
  await later.close();
});

test('a process that goes on because the later one has failed is the worker again', async () => {
  const earlier = workerAt(0);
  await earlier.attach();
  const id = await createSession(world, new Date());
  const { connection_id } = await earlier.authorize(id);
  const failed = workerAt(1);
  await failed.attach({ draining_boot_ids: [earlier.bootId] });
  await earlier.close();
  const again = workerAt(0, earlier.bootId);
  const sessions = [{ session_id: id, connections: [{ connection_id, bytes_up: 1n, bytes_down: 1n }] }];
  expect((await again.attach({ sessions, goes_on: true })).unknown_connection_ids).toEqual([]);
  expect(await present()).toBe(earlier.bootId);
  await failed.close();
  expect(await present()).toBe(earlier.bootId);
  expect(await cause(connection_id)).toBeNull();
  await again.close();
});

test.each([
  ['the same controller', 0],
  ['another controller', 1],
])('at %s: an earlier process that has not heard of the later one does not get the record back', async (_, at) => {
  const earlier = workerAt(0);
  await earlier.attach();
  const id = await createSession(world, new Date());
  const { connection_id } = await earlier.authorize(id);
  const later = workerAt(at);
  await later.attach({ draining_boot_ids: [earlier.bootId] });
  const own = await later.authorize(id);
  await earlier.close();
  const again = workerAt(0, earlier.bootId);
  const sessions = [{ session_id: id, connections: [{ connection_id, bytes_up: 1n, bytes_down: 1n }] }];
  expect((await again.attach({ sessions })).unknown_connection_ids).toEqual([]);
  expect(await present()).toBe(later.bootId);
  expect(later.ended).toBeUndefined();
  expect([await cause(connection_id), await cause(own.connection_id)]).toEqual([null, null]);
  await cancel(id);
  for (const each of [again, later]) await each.hear('cancel_session', (value) => value.session_id === id);
  for (const each of [again, later]) await each.close();
});

test('a stream that ends before its Hello is on record leaves none', async () => {
  const waiting = () =>
    row(world.db.executor, sql`select from pg_locks where not granted and locktype in ('transactionid', 'tuple')`);
  const worker = workerAt(0);
  await transaction(world.db, new Date(), async (tx) => {
    await sql`select from workers for update`.execute(tx);
    worker.hello();
    await waitFor('the Hello to wait', waiting);
    await worker.close();
    await waitFor('the end', () => parts[0]!.control.attachedWorkers().length === 0);
  });
  await waitFor('the Hello to be over', async () => (await waiting()) === undefined);
  // Waits for the lock of the transaction that was under way.
  await sql`update workers set description = description`.execute(world.db.executor);
  expect(await present()).toBeUndefined();
});
