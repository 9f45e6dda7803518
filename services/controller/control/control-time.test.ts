/**
 * What control streams do as time passes: silence, lost leases, connections that nobody tells the
 * end of.
 */
import { status } from '@grpc/grpc-js';
import { waitFor } from '../../../test/harness/wait';
import { row, sql } from '../db/db';
import { expireControllers } from '../tasks/session-tasks';
import { createSession, createWorld, sessionFacts, WORKER, type World } from '../sessions/sessions.fixture';
import { loadAuthority, type DeploymentAuthority } from '../workers/authority';
import { clusterOf, enrolled, startPart, TestWorker, type Keys, type Part } from './control.fixture';
import { TestClock } from '../../../lib/clock/test-clock.fixture';

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
  const fast = new TestClock({ start: 'system', pace: 100 });
  let part: Part;
  let keys: Keys;
  beforeAll(async () => {
    part = await startPart(world, authority, 'fast', fast);
    keys = await enrolled(world, authority, part);
  });
  afterAll(() => part.close());
  afterEach(() => fast.set(0));

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

  /** Says heartbeats all the time; the returned function makes it silent. */
  function speaking(worker: TestWorker): () => void {
    const timer = setInterval(() => worker.tell({ $case: 'heartbeat', value: {} }), 10);
    return () => clearInterval(timer);
  }

  test('a worker that is silent for three heartbeats is cut off, one that speaks is not, whatever is the time', async () => {
    const worker = new TestWorker(clusterOf(part, authority), keys);
    await worker.attach();
    const silence = speaking(worker);
    for (const off of [0, 3_600_000, -3_600_000, 0, 0]) {
      fast.set(off);
      await worker.hear('heartbeat');
    }
    expect(worker.ended).toBeUndefined();
    silence();
    await waitFor('the cut', () => worker.ended);
    expect(worker.ended).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'no heartbeat came' });
    await worker.close();
  });

  const removeLease = () =>
    sql`delete from controllers where id = ${part.control.controllerId}`.execute(world.db.executor);
  const holder = () =>
    row<Record<string, unknown>>(
      world.db.executor,
      sql`select controller_id, boot_id, draining from worker_attachments where worker_id = ${WORKER}`,
    );

  test('a controller whose lease was taken keeps its workers: they are on record again with it', async () => {
    const worker = new TestWorker(clusterOf(part, authority), keys);
    await worker.attach();
    const silence = speaking(worker);
    const before = await holder();
    await removeLease();
    expect(await holder()).toBeUndefined();
    expect(await waitFor('the record', holder)).toEqual(before);
    // Its streams have gone on: a request is answered, and no second Welcome came.
    const id = await createSession(world, new Date());
    expect(await worker.authorize(id)).toMatchObject({ refused: '' });
    expect(worker.ended).toBeUndefined();
    expect(worker.heard.filter(({ $case }) => $case === 'welcome')).toEqual([]);
    silence();
    await worker.close();
  });

  test('a worker that went to another controller meanwhile is let go', async () => {
    const other = await startPart(world, authority, 'other');
    const worker = new TestWorker(clusterOf(part, authority), keys);
    await worker.attach();
    const silence = speaking(worker);
    await removeLease();
    const moved = new TestWorker(clusterOf(other, authority), keys, worker.bootId);
    await moved.attach();
    await waitFor('the cut', () => worker.ended);
    expect(worker.ended).toMatchObject({ code: status.ABORTED });
    silence();
    expect(await holder()).toMatchObject({ controller_id: other.control.controllerId });
    expect(moved.ended).toBeUndefined();
    await worker.close();
    await moved.close();
    await other.close();
  });

  describe('who may be taken for dead', () => {
    const lasting = { id: 'ctl_dead', end: (now: number) => new Date(now - 60_000) };
    const expire = () => expireControllers(world.db, fast.now(), part.control.leasesExpiredBefore());
    const isOnRecord = async () =>
      (await row(world.db.executor, sql`select 1 as x from controllers where id = ${lasting.id}`)) !== undefined;
    const judges = () => part.control.leasesExpiredBefore() !== undefined;

    /**
     * Lets time pass, renewal by renewal, until the part can judge; more than a lease only where
     * this machine is slow.
     */
    async function watch(): Promise<void> {
      for (let i = 0; i < 40 && !judges(); i++) {
        fast.forward(5_000);
        await waitFor('a renewal', async () => {
          return Math.abs(fast.now().getTime() - (await renewedTime())) < 4_000;
        });
      }
    }
    async function renewedTime(): Promise<number> {
      const id = part.control.controllerId;
      const found = await row<{ time: Date }>(
        world.db.executor,
        sql`select lease_renewed_time as time from controllers where id = ${id}`,
      );
      return found!.time.getTime();
    }
    beforeEach(async () => {
      const end = lasting.end(fast.now().getTime());
      await sql`insert into controllers (id, name, started_time, lease_renewed_time, lease_expiration_time)
        values (${lasting.id}, 'dead', ${new Date(0)}, ${new Date(0)}, ${end}) on conflict do nothing`.execute(
        world.db.executor,
      );
    });

    test('nobody, until a whole lease was watched; then whoever has not renewed', async () => {
      // The time jumps: as after a stop of this process.
      fast.set(60_000);
      expect(judges()).toBe(false);
      await expire();
      expect(await isOnRecord()).toBe(true);
      await watch();
      await expire();
      expect(await isOnRecord()).toBe(false);
    });

    test('nobody, when the database was away; the own lease is back before anything is asked', async () => {
      await watch();
      await sql`alter table controllers rename to controllers_away`.execute(world.db.executor);
      await waitFor('the failure', () => !judges());
      await sql`delete from controllers_away where id = ${part.control.controllerId}`.execute(world.db.executor);
      await sql`alter table controllers_away rename to controllers`.execute(world.db.executor);
      await part.control.ensureLease();
      expect(await renewedTime()).toBeGreaterThan(0);
      await expire();
      expect(await isOnRecord()).toBe(true);
      await watch();
      await expire();
      expect(await isOnRecord()).toBe(false);
    });

    test('leases that end in a far future were made before the time was set back', async () => {
      await sql`update controllers set lease_expiration_time = ${new Date(Date.now() + 3_600_000)}
        where id = ${lasting.id}`.execute(world.db.executor);
      await watch();
      await expire();
      expect(await isOnRecord()).toBe(false);
    });
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
