/**
 * With the database kept busy by a flood of requests to the API, what workers ask is served before
 * the rest of it.
 */
import { newEd25519 } from '../../lib/tls/keys';
import { enrollWith, TestWorker } from '../../services/controller/control/control.fixture';
import { row, sql } from '../../services/controller/db/db';
import { CONTROLLER_LIMITS } from '../../services/controller/limits';
import { DEV } from '../harness/controller';
import { startFleet, type Fleet } from '../harness/fleet';
import { loadAuthority } from '../../services/controller/workers/authority';
import { waitFor } from '../harness/wait';

let fleet: Fleet;
let worker: TestWorker;
beforeAll(async () => {
  fleet = await startFleet({ workers: [] });
  const { api, db, kms } = fleet;
  const made = await api.ok('POST', '/v1/workers:create:controller-led', { scope_id: 'global' });
  const { certificates: authorities } = await loadAuthority(db.executor, kms);
  const cluster = { port: fleet.controllers[0]!.clusterAddress.port, authorities };
  const key = newEd25519();
  const { certificate } = await enrollWith(cluster, made.controller_generated_activation_token as string, key);
  worker = new TestWorker(cluster, { key, certificate });
  await worker.attach({ pieces: true });
}, 60_000);
afterAll(async () => {
  await worker.close();
  await fleet.stop();
});

test('a connection is authorized while a flood of authorize-session waits for the database', async () => {
  const { api, db } = fleet;
  const { id } = await api.target(DEV.project, 5432);
  const { session_id } = await api.authorize(id);
  const blocker = await db.connect('blocker');
  // Sessions of the target wait for this row, and hold their connections to the database meanwhile.
  await blocker.query('begin');
  await blocker.query('select from targets where id = $1 for update', [id]);
  let answered = 0;
  const flood = Array.from({ length: 100 }, () => api.authorize(id).then(() => answered++));
  const waiting = async (): Promise<number> => {
    const found = await row<{ n: bigint }>(
      db.executor,
      sql`select count(*) as n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%into sessions%'`,
    );
    return Number(found!.n);
  };
  // As many as one user may have under way.
  await waitFor(
    'the flood to wait',
    async () => (await waiting()) === CONTROLLER_LIMITS.defaults().api_requests_per_caller,
  );
  expect((await worker.authorize(session_id)).refused).toBe('');
  expect(answered).toBe(0);
  await blocker.query('commit');
  await blocker.end();
  await Promise.all(flood);
  expect(answered).toBe(100);
}, 60_000);
