/**
 * Limits on pending and live sessions, where they are kept: in the statement that makes a session.
 */
import { newTofuToken } from '../../../lib/contract/session-protocol';
import { sql, transaction, openDb, row, rows } from '../db/db';
import { CONTROLLER_LIMITS } from '../limits';
import { SessionPlaces, type SessionLimits } from './session-places';
import {
  at,
  createSessions,
  createWorld,
  newConnectionId,
  NOW,
  tryCreateSession,
  WORKER,
  type World,
} from './sessions.fixture';
import { authorizeConnection } from './connections.store';
import type { Inserted } from './new-session.store';

let world: World;
beforeEach(async () => (world = await createWorld()));
afterEach(() => world.close());

const limits = (change: Partial<SessionLimits>): SessionLimits => ({ ...CONTROLLER_LIMITS.defaults(), ...change });
const placesOf = (change: Partial<SessionLimits>): SessionPlaces => new SessionPlaces(limits(change));
const said = (inserted: Inserted): string => ('limit' in inserted ? inserted.limit : inserted.outcome);

async function make(places: SessionPlaces, workerIds?: string[]): Promise<string> {
  return said((await tryCreateSession(world, places, NOW, 3_600_000, workerIds)).inserted);
}

/** Makes so many, one after the other; answers what became of them. */
async function several(places: SessionPlaces, count: number): Promise<string[]> {
  const outcomes: string[] = [];
  for (let i = 0; i < count; i++) outcomes.push(await make(places));
  return outcomes;
}

const setAll = (status: 'active' | 'canceling'): Promise<void> =>
  transaction(world.db, NOW, async (tx) => {
    const client = status === 'active' ? sql`, tofu_hmac = 'x'` : sql``;
    await sql`update sessions set status = ${status}, status_time = ${at(1)}${client}`.execute(tx);
  });

const terminateAll = (): Promise<unknown> =>
  sql`update sessions set status = 'terminated', status_time = ${at(2)}, termination_reason = 'canceled'`.execute(
    world.db.executor,
  );

test('fifty writers at once get exactly as many pending sessions as the user may have', async () => {
  const limit = 20;
  const db = openDb({ url: world.url, log: world.log, maxConnections: 60 });
  try {
    // As controllers of their own: each counts for itself.
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () =>
        tryCreateSession({ ...world, db }, placesOf({ sessions_pending_per_user: limit })),
      ),
    );
    expect(outcomes.filter(({ inserted }) => inserted.outcome === 'made')).toHaveLength(limit);
    const found = await row<{ n: bigint }>(world.db.executor, sql`select count(*) as n from sessions`);
    expect(Number(found!.n)).toBe(limit);
  } finally {
    await db.close();
  }
});

test('a pending session counts until somebody connects to it or it ends', async () => {
  const places = placesOf({ sessions_pending_per_user: 2 });
  const { id } = await tryCreateSession(world, places);
  expect(await several(places, 2)).toEqual(['made', 'sessions_pending_per_user']);
  const request = {
    ...{ sessionId: id, connectionId: newConnectionId(), workerId: WORKER, bootId: 'b', now: at(1) },
    ...{ tofuHmac: world.tofuHmac(newTofuToken()), clientAddress: '10.0.0.1', clientPort: 1 },
  };
  expect(await authorizeConnection(world.db.executor, request)).toHaveProperty('allowed');
  expect(await several(places, 2)).toEqual(['made', 'sessions_pending_per_user']);
  await setAll('canceling').catch(() => undefined);
  await terminateAll().catch(() => undefined);
  await sql`update sessions set status = 'canceling', status_time = ${at(1)} where status = 'pending'`.execute(
    world.db.executor,
  );
  expect(await make(places)).toBe('made');
});

test('live sessions of a user count until they have ended', async () => {
  const places = placesOf({ sessions_live_per_user: 3 });
  expect(await several(places, 4)).toEqual(['made', 'made', 'made', 'sessions_live_per_user']);
  await setAll('canceling');
  expect(await make(places)).toBe('sessions_live_per_user');
  await terminateAll();
  expect(await make(places)).toBe('made');
});

test('pending sessions of a target, of whatever user', async () => {
  const places = placesOf({ sessions_pending_per_target: 2 });
  expect(await several(places, 3)).toEqual(['made', 'made', 'sessions_pending_per_target']);
});

test('live sessions of a target, of whatever user', async () => {
  const places = placesOf({ sessions_live_per_target: 2 });
  expect(await several(places, 2)).toEqual(['made', 'made']);
  await setAll('canceling');
  expect(await make(places)).toBe('sessions_live_per_target');
  await terminateAll();
  expect(await make(places)).toBe('made');
});

test('a worker that is full gets no more, and a session that no other serves is refused', async () => {
  await sql`insert into workers (id, name, created_time, updated_time)
    values ('w_0000000002', 'second', ${NOW}, ${NOW})`.execute(world.db.executor);
  const places = placesOf({ sessions_live_per_worker: 2 });
  expect([await make(places), await make(places)]).toEqual(['made', 'made']);
  const both = [WORKER, 'w_0000000002'];
  const { id, inserted } = await tryCreateSession(world, places, NOW, 3_600_000, both);
  expect(inserted).toEqual({ outcome: 'made', workerIds: ['w_0000000002'] });
  const served = sql`select worker_id from session_workers where session_id = ${id}`;
  expect(await rows(world.db.executor, served)).toEqual([{ worker_id: 'w_0000000002' }]);
  expect(await make(places)).toBe('sessions_live_per_worker');
  await setAll('canceling');
  await terminateAll();
  expect(await make(places)).toBe('made');
});

test('several controllers exceed the limit of a target by their parts at most', async () => {
  const limit = 128;
  const controllers = Array.from({ length: 3 }, () => placesOf({ sessions_live_per_target: limit }));
  // Each looks once, and may give out a 64th of what is free without another look.
  for (const places of controllers) expect(await make(places)).toBe('made');
  await several(placesOf({}), limit - 3);
  for (const places of controllers) expect(await several(places, 3)).toContain('sessions_live_per_target');
  const made = await row<{ n: bigint }>(world.db.executor, sql`select count(*) as n from sessions`);
  expect(Number(made!.n)).toBeGreaterThan(limit);
  expect(Number(made!.n)).toBeLessThanOrEqual(limit + (3 * limit) / 64);
});

test.each(['without', 'with'])('each count walks an index of its own, %s statistics', async (word) => {
  const { executor } = world.db;
  await createSessions(world, 2_000);
  if (word === 'with') await sql`analyze`.execute(executor);
  for (const [index, statement] of Object.entries({
    sessions_pending_by_user: sql`select from sessions where user_id = 'u_other' and status = 'pending' limit 9`,
    sessions_live_by_user: sql`select from sessions where user_id = 'u_other' and status <> 'terminated' limit 9`,
    sessions_pending_by_target: sql`select from sessions where target_id = 'ttcp_other' and status = 'pending' limit 9`,
    sessions_live_by_target: sql`select from sessions where target_id = 'ttcp_other' and status <> 'terminated' limit 9`,
    session_workers_by_worker: sql`select from session_workers w where w.worker_id = 'w_other' and w.live limit 9`,
  })) {
    const plan = await rows<Record<string, string>>(executor, sql`explain ${statement}`);
    expect(JSON.stringify(plan)).toContain(`using ${index}`);
  }
});
