/** A worker with very many sessions: what it is told comes in pieces, and it serves meanwhile. */
import { newEd25519 } from '../../lib/tls/keys';
import { AttachResponse } from '../../proto/gen/worker/control';
import { CONTROLLER_DEFAULTS } from '../../services/controller/config';
import { enrollWith, TestWorker, type ClusterPort } from '../../services/controller/control/control.fixture';
import { row, sql } from '../../services/controller/db/db';
import { createSessions } from '../../services/controller/sessions/sessions.fixture';
import { loadAuthority } from '../../services/controller/workers/authority';
import { DEV } from '../harness/controller';
import { dial, echo, endpoint, type Endpoint } from '../harness/endpoints';
import { proxyOf, startFleet, type Fleet } from '../harness/fleet';
import { waitFor } from '../harness/wait';

/** More than a message could hold. */
const SESSIONS = 29_000;
const MIB = 1_048_576;

let fleet: Fleet;
let server: Endpoint;
let ids: string[];
let other: { id: string; worker: () => TestWorker };
beforeAll(async () => {
  const limits = {
    ...CONTROLLER_DEFAULTS.limits,
    sessions_pending_per_user: 2 * SESSIONS,
    sessions_live_per_user: 2 * SESSIONS,
  };
  fleet = await startFleet({ config: { limits } });
  server = await endpoint(echo);
  const { api, db, kms } = fleet;
  const cluster: ClusterPort = {
    port: fleet.controllers[0]!.clusterAddress.port,
    authorities: (await loadAuthority(db.executor, kms)).certificates,
  };
  const made = await api.ok('POST', '/v1/workers:create:controller-led', { scope_id: 'global' });
  const key = newEd25519();
  const { certificate } = await enrollWith(cluster, made.controller_generated_activation_token as string, key);
  other = { id: made.id as string, worker: () => new TestWorker(cluster, { key, certificate }) };
  const token = await row<{ id: string }>(db.executor, sql`select id from auth_tokens limit 1`);
  ids = await createSessions(fleet, SESSIONS, {
    ...{ project: DEV.project, target: DEV.target, user: DEV.admin, token: token!.id, now: new Date() },
    workers: [fleet.workerIds[0]!, other.id],
  });
}, 120_000);
afterAll(async () => {
  await server.close();
  await fleet.stop();
});

const sizes = (worker: TestWorker): number[] =>
  worker.heard.map((message) => AttachResponse.encode({ message }).finish().length);

test('a worker with 29,000 pending sessions is welcomed at once, and told of them in pieces', async () => {
  const worker = other.worker();
  const welcome = await worker.attach({ pieces: true });
  expect(welcome).toMatchObject({ pieces: true, grants: [] });
  // Whoever comes before the piece with its session is served by asking.
  worker.tell({ $case: 'get_grant', value: { request_id: worker.nextId++, session_id: ids.toSorted().at(-1)! } });
  const told = () =>
    worker.heard.flatMap((message) => {
      if (message.$case === 'session_grant') return [message.value];
      return message.$case === 'grants' ? message.value.grants : [];
    });
  const distinct = () => new Set(told().map((grant) => grant.session_id)).size;
  await waitFor('all grants', () => distinct() === SESSIONS, { timeoutMs: 60_000 });
  const pieces = worker.heard.filter((message) => message.$case === 'grants');
  expect(pieces.length).toBeGreaterThanOrEqual(SESSIONS / 500);
  // New ones are told of too, meanwhile.
  expect(pieces.length).toBeLessThan((2 * SESSIONS) / 500);
  expect(Math.max(...sizes(worker))).toBeLessThanOrEqual(MIB);
  expect(new Set(told().map((grant) => grant.session_id))).toEqual(new Set(ids));
  const kinds = worker.heard.map((message) => message.$case);
  expect(kinds.indexOf('get_grant')).toBeLessThan(kinds.lastIndexOf('grants'));
  await worker.close();
}, 90_000);

test('a worker of the previous release gets what fits in its Welcome, and the rest one by one', async () => {
  const worker = other.worker();
  const beats = setInterval(() => worker.tell({ $case: 'heartbeat', value: {} }), 5_000);
  const welcome = await worker.attach();
  expect(AttachResponse.encode({ message: { $case: 'welcome', value: welcome } }).finish().length).toBeLessThan(
    2 * MIB,
  );
  expect(welcome.grants.length).toBeGreaterThan(500);
  const told = () =>
    worker.heard.flatMap((message) => (message.$case === 'session_grant' ? [message.value.session_id] : []));
  const all = () => new Set([...welcome.grants.map((grant) => grant.session_id), ...told()]);
  await waitFor('all grants', () => all().size === SESSIONS, { timeoutMs: 60_000 });
  expect(all()).toEqual(new Set(ids));
  clearInterval(beats);
  await worker.close();
}, 90_000);

test('a worker that loses its stream comes back, and its sessions work', async () => {
  const { api, workers, db } = fleet;
  const { id } = await api.target(DEV.project, server.port);
  const session = await api.authorize(id);
  const proxy = await proxyOf(session.authorization_token);
  const echoed = async (): Promise<string> => {
    const socket = await dial(proxy.port);
    socket.write('x');
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    socket.destroy();
    return answer.toString();
  };
  expect(await echoed()).toBe('x');
  const attachments = sql`select attachment_id from worker_attachments where worker_id = ${fleet.workerIds[0]!}`;
  const attachment = () => row<{ attachment_id: string }>(db.executor, attachments);
  const before = await attachment();
  workers[0]!.goOn();
  await waitFor('another stream', async () => {
    const now = await attachment();
    return now !== undefined && now.attachment_id !== before!.attachment_id;
  });
  expect(await echoed()).toBe('x');
  await proxy.close();
}, 90_000);
