/** The path of a connection: slots, idempotence, reports, closes, the ends of sessions. */
import { isCause, type Refusal } from '../../../lib/contract/endings';
import { newTofuToken } from '../../../lib/contract/session-protocol';
import { row, sql } from '../db/db';
import { expireControllers, purge, terminateSessions } from '../tasks/session-tasks';
import { closedReason, refusalOf } from './connections';
import {
  authorizeConnection,
  closeConnections,
  closeLost,
  recordStats,
  type Close,
  type ConnectionRequest,
} from './connections.store';
import { endSession, findSessionWithConnections, unheardEnds } from './sessions.store';
import {
  at,
  createSession,
  createWorld,
  newConnectionId,
  sessionFacts,
  setTarget,
  statesOf,
  TOKEN,
  WORKER,
  type World,
} from './sessions.fixture';
import { transaction } from '../db/db';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
beforeEach(() => setTarget(world, {}));

const TOFU = newTofuToken();

const request = (sessionId: string, more: Partial<ConnectionRequest> = {}): ConnectionRequest => ({
  sessionId,
  connectionId: newConnectionId(),
  workerId: WORKER,
  bootId: 'boot',
  tofuHmac: world.tofuHmac(TOFU),
  clientAddress: '10.0.0.9',
  clientPort: 4321,
  now: at(1_000),
  ...more,
});

async function ask(asked: ConnectionRequest): Promise<number | Refusal | undefined> {
  const answer = await authorizeConnection(world.db.executor, asked);
  return 'allowed' in answer ? answer.allowed.connections_left : refusalOf(answer.refused);
}

const closeOf = (id: string, more: Partial<Close> = {}): Close => ({
  session_id: 's_0000000000',
  id,
  bytes_up: '10',
  bytes_down: '20',
  endpoint_address: '127.0.0.1',
  endpoint_port: 5432,
  closed_by: 'client',
  cause: 'fin',
  error: null,
  connect_latency_us: 100,
  first_byte_latency_us: null,
  dial_failed: false,
  boot_id: 'boot',
  ...more,
});
const close = (closes: Close[], now = at(2_000)) => closeConnections(world.db.executor, WORKER, closes, now);

async function connectionFacts(id: string) {
  return row<Record<string, unknown>>(
    world.db.executor,
    sql`select bytes_up::integer, bytes_down::integer, bytes_final, closed_reason, closed_by, cause, amended, closed_time
        from session_connections where id = ${id}`,
  );
}

describe('authorizing a connection', () => {
  test('is one statement, which activates the session, binds the client and takes a slot', async () => {
    await setTarget(world, { limit: 3 });
    const id = await createSession(world);
    world.statements.length = 0;
    const asked = request(id);
    expect(await ask(asked)).toBe(2);
    expect(world.statements).toHaveLength(1);
    expect(await sessionFacts(world, id)).toMatchObject({ status: 'active', version: 2, made: 1, open: 1 });
    expect(await statesOf(world, id)).toEqual(['pending', 'active']);
    expect((await findSessionWithConnections(world.db.executor, id))?.connections).toMatchObject([
      { client_address: '10.0.0.9', client_port: 4321, bytes_up: '0', closed_reason: null },
    ]);
  });

  test('a slot changes neither version nor updated_time', async () => {
    const id = await createSession(world);
    await ask(request(id));
    const before = await findSessionWithConnections(world.db.executor, id);
    await ask(request(id, { now: at(60_000) }));
    const after = await findSessionWithConnections(world.db.executor, id);
    expect(after).toMatchObject({ version: before!.version, updated_time: before!.updated_time });
    expect(after!.connections).toHaveLength(2);
  });

  test('a session shows its newest thousand connections', async () => {
    const id = await createSession(world);
    await ask(request(id, { now: at(0) }));
    await sql`insert into session_connections (id, session_id, worker_id, boot_id, client_address, client_port,
        created_time)
      select 'sc_' || lpad(n::text, 10, '0'), ${id}, ${WORKER}, 'boot', '10.0.0.9', n,
        ${at(0)}::timestamptz + n * interval '1 ms'
      from generate_series(1, 1001) n`.execute(world.db.executor);
    const shown = (await findSessionWithConnections(world.db.executor, id))!.connections!;
    expect(shown).toHaveLength(1_000);
    expect([shown.at(0)!.client_port, shown.at(-1)!.client_port]).toEqual([1_001, 2]);
  });

  test('repeated, it is allowed again and takes nothing', async () => {
    await setTarget(world, { limit: 2 });
    const id = await createSession(world);
    const asked = request(id);
    expect(await ask(asked)).toBe(1);
    expect(await Promise.all([ask(asked), ask(asked), ask(asked)])).toEqual([1, 1, 1]);
    expect(await sessionFacts(world, id)).toMatchObject({ made: 1, open: 1 });
  });

  test('the same request twenty times at once takes one slot', async () => {
    const id = await createSession(world);
    const asked = request(id);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(asked)));
    expect(answers).toEqual(Array(20).fill(-1));
    expect(await sessionFacts(world, id)).toMatchObject({ made: 1, open: 1 });
  });

  test('fifty at once against a limit of ten: exactly ten', async () => {
    await setTarget(world, { limit: 10 });
    const id = await createSession(world);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => authorizeConnection(world.db.executor, request(id))),
    );
    expect(answers.filter((answer) => 'allowed' in answer)).toHaveLength(10);
    expect(await sessionFacts(world, id)).toMatchObject({ made: 10, open: 10 });
    expect(await ask(request(id))).toBe('connection limit');
  });

  test('fifty at once against four at a time; a closed one makes room', async () => {
    await setTarget(world, { concurrent: 4 });
    const id = await createSession(world);
    const asked = Array.from({ length: 50 }, () => request(id));
    const answers = await Promise.all(
      asked.map(async (one) => ('allowed' in (await authorizeConnection(world.db.executor, one)) ? [one] : [])),
    );
    const taken = answers.flat();
    expect(taken).toHaveLength(4);
    expect(await ask(request(id))).toBe('concurrent connection limit');
    await close([closeOf(taken[0]!.connectionId)]);
    expect(await ask(request(id))).toBe(-1);
  });

  test('refusals name their cause', async () => {
    const id = await createSession(world);
    expect(await ask(request('s_0000000000'))).toBe('session not found');
    expect(await ask(request(id, { workerId: 'w_0000000000' }))).toBe('session not found');
    expect(await ask(request(id, { now: at(3_600_000) }))).toBe('expired');
    await ask(request(id));
    expect(await ask(request(id, { tofuHmac: world.tofuHmac(newTofuToken()) }))).toBe('tofu token not allowed');
    await endSession(world.db.executor, {
      sessionId: id,
      workerId: WORKER,
      tofuHmac: world.tofuHmac(TOFU),
      now: at(5_000),
    });
    expect(await ask(request(id))).toBe('canceled');
    expect(await sessionFacts(world, id)).toMatchObject({ made: 1, open: 1 });
  });
});

describe('reports', () => {
  test('counts only rise, in whatever order they come', async () => {
    const session = await createSession(world);
    const asked = request(session);
    await ask(asked);
    const stat = (bytes_up: string, bytes_down: string) =>
      recordStats(world.db.executor, WORKER, [
        { id: asked.connectionId, bytes_up, bytes_down, endpoint_address: null, endpoint_port: null },
      ]);
    await stat('100', '5');
    await stat('40', '7');
    await stat('100', '7');
    expect(await connectionFacts(asked.connectionId)).toMatchObject({
      bytes_up: 100,
      bytes_down: 7,
      bytes_final: false,
    });
    await recordStats(world.db.executor, 'w_0000000000', [
      { id: asked.connectionId, bytes_up: '999', bytes_down: '999', endpoint_address: null, endpoint_port: null },
    ]);
    expect(await connectionFacts(asked.connectionId)).toMatchObject({ bytes_up: 100, bytes_down: 7 });
  });

  test('a close frees its slot once, however often it is told', async () => {
    const session = await createSession(world);
    const asked = request(session);
    await ask(asked);
    await ask(request(session));
    for (let i = 0; i < 3; i++) await close([closeOf(asked.connectionId, { bytes_up: String(10 + i) })], at(2_000 + i));
    expect(await sessionFacts(world, session)).toMatchObject({ status: 'active', made: 2, open: 1 });
    expect(await connectionFacts(asked.connectionId)).toMatchObject({
      bytes_up: 10,
      closed_reason: 'closed by end-user',
      cause: 'fin',
      bytes_final: true,
      amended: false,
      closed_time: at(2_000),
    });
  });

  test('a failed dial does not count against the limit', async () => {
    await setTarget(world, { limit: 1 });
    const session = await createSession(world);
    const asked = request(session);
    expect(await ask(asked)).toBe(0);
    await close([closeOf(asked.connectionId, { closed_by: 'endpoint', cause: 'dial refused', dial_failed: true })]);
    expect(await sessionFacts(world, session)).toMatchObject({ status: 'active', made: 0, open: 0 });
    expect(await connectionFacts(asked.connectionId)).toMatchObject({ closed_reason: 'network error' });
    expect(await ask(request(session))).toBe(0);
  });

  test('the last close of a session at its limit terminates it', async () => {
    await setTarget(world, { limit: 2 });
    const session = await createSession(world);
    const asked = [request(session), request(session)];
    for (const one of asked) await ask(one);
    await close(asked.map((one) => closeOf(one.connectionId)));
    expect(await sessionFacts(world, session)).toMatchObject({
      status: 'terminated',
      termination_reason: 'connection limit',
      made: 2,
      open: 0,
      version: 3,
    });
    expect(await ask(request(session))).toBe('connection limit');
  });

  test('200 connections of 4 sessions, opened and closed at once in any order', async () => {
    const sessions = await Promise.all([1, 2, 3, 4].map(() => createSession(world)));
    const asked = Array.from({ length: 200 }, (_, i) => request(sessions[i % 4]!));
    await Promise.all(asked.map((one) => ask(one)));
    const order = asked.map((one) => closeOf(one.connectionId)).sort(() => Math.random() - 0.5);
    const batches = Array.from({ length: 20 }, (_, i) => order.slice(i * 10, i * 10 + 10));
    await Promise.all([...batches, ...batches].map((batch) => close(batch)));
    for (const id of sessions) expect(await sessionFacts(world, id)).toMatchObject({ made: 50, open: 0 });
  });
});

describe('ends', () => {
  test('END needs the bound token, ends by the client, and may be repeated', async () => {
    const session = await createSession(world);
    const asked = request(session);
    await ask(asked);
    const end = (token: string) =>
      endSession(world.db.executor, {
        sessionId: session,
        workerId: WORKER,
        tofuHmac: world.tofuHmac(token),
        now: at(3_000),
      });
    expect(await end(newTofuToken())).toEqual({ ended: false, status: 'active' });
    expect(await end(TOFU)).toMatchObject({ ended: true });
    expect(await end(TOFU)).toEqual({ ended: false, status: 'canceling' });
    expect(await unheardEnds(world.db.executor, [WORKER], at(3_999))).not.toContain(session);
    expect(await unheardEnds(world.db.executor, [WORKER], at(4_000))).toContain(session);
    await close([closeOf(asked.connectionId)]);
    expect(await sessionFacts(world, session)).toMatchObject({
      status: 'terminated',
      termination_reason: 'canceled',
      ended_by: 'client',
    });
    expect(await unheardEnds(world.db.executor, [WORKER], at(4_000))).not.toContain(session);
  });

  test('an unused session ends at its expiry', async () => {
    const session = await createSession(world, at(0), 1_000);
    await terminateSessions(world.db, at(999));
    expect(await sessionFacts(world, session)).toMatchObject({ status: 'pending' });
    await terminateSessions(world.db, at(1_000));
    expect(await sessionFacts(world, session)).toMatchObject({
      status: 'terminated',
      termination_reason: 'timed out',
      version: 2,
    });
    expect(await statesOf(world, session)).toEqual(['pending', 'terminated']);
  });

  test('an expired session waits for its closes, at most ten seconds', async () => {
    const session = await createSession(world, at(0), 10_000);
    const asked = request(session);
    await ask(asked);
    await terminateSessions(world.db, at(15_000));
    expect(await sessionFacts(world, session)).toMatchObject({ status: 'active', open: 1 });
    await terminateSessions(world.db, at(19_000));
    expect(await sessionFacts(world, session)).toMatchObject({
      status: 'terminated',
      termination_reason: 'timed out',
      open: 0,
    });
    expect(await connectionFacts(asked.connectionId)).toMatchObject({
      closed_reason: 'system error',
      cause: 'worker lost',
      bytes_final: false,
    });
    // The worker comes back and tells the exact end.
    await close(
      [closeOf(asked.connectionId, { bytes_up: '77', closed_by: 'controller', cause: 'expired' })],
      at(60_000),
    );
    expect(await connectionFacts(asked.connectionId)).toMatchObject({
      bytes_up: 77,
      closed_reason: 'timed out',
      bytes_final: true,
      amended: true,
      closed_time: at(19_000),
    });
    await close([closeOf(asked.connectionId, { bytes_up: '99' })], at(61_000));
    expect(await connectionFacts(asked.connectionId)).toMatchObject({ bytes_up: 77, closed_reason: 'timed out' });
  });

  test('lost connections free their slots and leave the session alive', async () => {
    const session = await createSession(world);
    const asked = request(session, { bootId: 'old boot' });
    await ask(asked);
    await ask(request(session));
    await closeLost(world.db.executor, sql`c.worker_id = ${WORKER} and c.boot_id <> 'boot'`, at(4_000));
    expect(await sessionFacts(world, session)).toMatchObject({ status: 'active', made: 2, open: 1 });
    expect(await connectionFacts(asked.connectionId)).toMatchObject({ cause: 'worker lost', closed_by: 'worker' });
  });

  test('connections of a worker that nobody holds are marked, and stay open', async () => {
    const session = await createSession(world);
    const asked = request(session);
    await ask(asked);
    await expireControllers(world.db, at(30_000), at(30_000));
    const marked = await row(
      world.db.executor,
      sql`select unreachable_since, closed_time from session_connections where id = ${asked.connectionId}`,
    );
    expect(marked).toEqual({ unreachable_since: at(30_000), closed_time: null });
  });

  test('expiry of the token ends only sessions that asked for it; logout ends them all', async () => {
    const other = await createWorld();
    try {
      const keeps = await createSession(other);
      await setTarget(other, { endOnExpiry: true });
      const ends = await createSession(other);
      const expired = at(2 * 86_400_000);
      await purge(other.db, expired, 86_400_000);
      expect(await sessionFacts(other, keeps)).toMatchObject({ status: 'pending' });
      expect(await sessionFacts(other, ends)).toMatchObject({ status: 'canceling', ended_by: 'policy' });
      expect(await row(other.db.executor, sql`select id from auth_tokens where id = ${TOKEN}`)).toBeUndefined();
    } finally {
      await other.close();
    }
  });

  test('a session is canceled and terminated within one millisecond without breaking its history', async () => {
    const session = await createSession(world);
    await transaction(world.db, at(5), async (tx) => {
      await sql`update sessions set status = 'canceling', status_time = ${at(5)} where id = ${session}`.execute(tx);
    });
    await terminateSessions(world.db, at(5));
    expect(await statesOf(world, session)).toEqual(['pending', 'canceling', 'terminated']);
  });

  test('history is kept for thirty days', async () => {
    const session = await createSession(world, at(0), 1_000);
    await terminateSessions(world.db, at(1_000));
    const day = 86_400_000;
    await purge(world.db, at(29 * day), 365 * day);
    expect(await sessionFacts(world, session)).toMatchObject({ status: 'terminated' });
    await purge(world.db, at(31 * day), 365 * day);
    expect(await sessionFacts(world, session)).toBeUndefined();
    const told = await row(
      world.db.executor,
      sql`select id from tombstones where resource_type = 'session' and id = ${session}`,
    );
    expect(told).toEqual({ id: session });
  });
});

test.each([
  ['client', 'fin', 'closed by end-user'],
  ['client', 'rst', 'closed by end-user'],
  ['endpoint', 'fin', 'closed by endpoint'],
  ['endpoint', 'rst', 'closed by endpoint'],
  ['endpoint', 'dial refused', 'network error'],
  ['worker', 'name not found', 'network error'],
  ['client', 'client lost', 'network error'],
  ['policy', 'expired', 'timed out'],
  ['worker', 'idle timeout', 'timed out'],
  ['admin', 'canceled', 'canceled'],
  ['worker', 'worker drain', 'system error'],
  ['worker', 'controller unreachable', 'system error'],
] as const)('%s/%s is "%s"', (by, cause, reason) => {
  expect(closedReason(by, cause)).toBe(reason);
  expect(isCause(cause)).toBe(true);
  expect(isCause('unknown')).toBe(false);
});
