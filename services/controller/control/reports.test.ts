import { systemClock } from '../../../lib/clock/clock';
import { newTofuToken } from '../../../lib/contract/session-protocol';
import { ConnectionClosed } from '../../../proto/gen/worker/control';
import { waitFor } from '../../../test/harness/wait';
import { rows, sql } from '../db/db';
import { authorizeConnection } from '../sessions/connections.store';
import { createSession, createWorld, newConnectionId, NOW, WORKER, type World } from '../sessions/sessions.fixture';
import { Reports } from './reports';

let world: World;
beforeAll(async () => (world = await createWorld()));
afterAll(() => world.close());

function newReports() {
  const acknowledged: bigint[] = [];
  let tooMany = 0;
  const reports = new Reports({
    ...{ on: world.db.executor, clock: systemClock, log: world.log, workerId: WORKER },
    acknowledge: (sequence) => acknowledged.push(sequence),
    tooMany: () => tooMany++,
  });
  return { reports, acknowledged, tooMany: () => tooMany };
}

async function connection(): Promise<string> {
  const request = {
    ...{ sessionId: await createSession(world), connectionId: newConnectionId(), workerId: WORKER, bootId: 'b' },
    ...{ tofuHmac: world.tofuHmac(newTofuToken()), clientAddress: '10.0.0.1', clientPort: 1, now: NOW },
  };
  await authorizeConnection(world.db.executor, request);
  return request.connectionId;
}

test('closes beyond the limit are left to the next stream, and those before it are stored', async () => {
  const { reports, acknowledged, tooMany } = newReports();
  const close = (sequence: number, connection_id = 'none'): ConnectionClosed =>
    ConnectionClosed.fromPartial({ sequence: BigInt(sequence), connection_id, closed_by: 'client', cause: 'fin' });
  for (let i = 1; i <= 50_000; i++) reports.addClose(close(i));
  reports.addClose(close(50_001));
  await waitFor('all that was taken to be stored', () => tooMany() === 1);
  expect(acknowledged.at(-1)).toBe(50_000n);
  reports.addClose(close(50_002));
  await reports.written();
  expect(acknowledged.at(-1)).toBe(50_000n);
});

test('counts beyond the limit are dropped, and newer ones of known connections are not', async () => {
  const { reports } = newReports();
  const [first, late] = [await connection(), await connection()];
  const stat = (connection_id: string, up: bigint) => ({
    ...{ connection_id, bytes_up: up, bytes_down: 0n, endpoint_address: '', endpoint_port: 0 },
  });
  const others = Array.from({ length: 99_999 }, (_, i) => stat(`other ${i}`, 1n));
  reports.addStats([stat(first, 1n), ...others, stat(late, 1n), stat(first, 2n)]);
  await reports.written();
  const stored = sql`select id, bytes_up::int as up from session_connections where id in (${first}, ${late})`;
  const found = await rows<{ id: string; up: number }>(world.db.executor, stored);
  expect(new Map(found.map(({ id, up }) => [id, up]))).toEqual(
    new Map([
      [first, 2],
      [late, 0],
    ]),
  );
}, 60_000);
