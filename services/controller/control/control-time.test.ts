/** What control streams do as time passes: silence, lost leases, connections that nobody tells the end of. */
import { status } from '@grpc/grpc-js';
import { systemClock, type Clock } from '../../../lib/clock/clock';
import { waitFor } from '../../../test/harness/wait';
import { row, sql } from '../db/db';
import { createSession, createWorld, sessionFacts, WORKER, type World } from '../sessions/sessions.fixture';
import { loadAuthority, type DeploymentAuthority } from '../workers/authority';
import { clusterOf, enrolled, startPart, TestWorker, type Keys, type Part } from './control.fixture';

let world: World;
let authority: DeploymentAuthority;
beforeAll(async () => {
  world = await createWorld(new Date());
  authority = await loadAuthority(world.db.executor, world.kms);
});
afterAll(() => world.close());

async function causeOf(connectionId: string): Promise<string | null | undefined> {
  const found = await row<{ cause: string | null }>(
    world.db.executor,
    sql`select cause from session_connections where id = ${connectionId}`,
  );
  return found?.cause;
}

describe('time', () => {
  /** Timers run a hundred times as fast, and the time can be moved. */
  let ahead = 0;
  const fast: Clock = {
    now: () => new Date(Date.now() + ahead),
    after: (ms, callback) => systemClock.after(ms / 100, callback),
    every: (ms, callback) => systemClock.every(Math.max(ms / 100, 10), callback),
  };
  let part: Part;
  let keys: Keys;
  beforeAll(async () => {
    part = await startPart(world, authority, 'fast', fast);
    keys = await enrolled(world, authority, part);
  });
  afterAll(() => part.close());
  afterEach(() => (ahead = 0));

  test('a connection that the worker does not list and never closes is given up', async () => {
    const worker = new TestWorker(clusterOf(part, authority), keys);
    await worker.attach();
    const id = await createSession(world, new Date());
    const { connection_id } = await worker.authorize(id);
    await worker.close();
    const again = new TestWorker(clusterOf(part, authority), keys, worker.bootId);
    await again.attach();
    await waitFor('the end', async () => (await causeOf(connection_id)) === 'worker lost');
    expect(await sessionFacts(world, id)).toMatchObject({ status: 'active', open: 0 });
    await again.close();
  });

  test('a worker that is silent for three heartbeats is cut off, one that speaks is not', async () => {
    const worker = new TestWorker(clusterOf(part, authority), keys);
    await worker.attach();
    ahead = 14_000;
    await worker.hear('heartbeat');
    worker.tell({ $case: 'heartbeat', value: {} });
    await worker.authorize('s_0000000000');
    ahead = 28_000;
    await worker.hear('heartbeat');
    expect(worker.ended).toBeUndefined();
    ahead = 45_000;
    await waitFor('the cut', () => worker.ended);
    expect(worker.ended).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'no heartbeat came' });
    await worker.close();
  });

  test('a controller whose lease was taken sends its workers to attach anew', async () => {
    const worker = new TestWorker(clusterOf(part, authority), keys);
    await worker.attach();
    await sql`delete from controllers where id = ${part.control.controllerId}`.execute(world.db.executor);
    await waitFor('the cut', () => worker.ended);
    expect(worker.ended).toMatchObject({ code: status.UNAVAILABLE });
    await worker.close();
  });
});

test('a controller that stops gives back its lease and cuts its streams', async () => {
  const part = await startPart(world, authority, 'third');
  const worker = new TestWorker(clusterOf(part, authority), await enrolled(world, authority, part));
  await worker.attach();
  await part.close();
  await waitFor('the end', () => worker.ended);
  const left = await row(
    world.db.executor,
    sql`select 1 as x from controllers where id = ${part.control.controllerId}`,
  );
  expect(left).toBeUndefined();
  expect(
    await row(world.db.executor, sql`select detached_time is not null as known from workers where id = ${WORKER}`),
  ).toEqual({
    known: true,
  });
  await worker.close();
});
