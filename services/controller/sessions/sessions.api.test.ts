/**
 * Sessions and workers through the API of a whole controller, with a worker on its cluster port.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import { openSync } from 'node:fs';
import { systemClock } from '../../../lib/clock/clock';
import { createLogger } from '../../../lib/log/log';
import { newEd25519 } from '../../../lib/tls/keys';
import { decodeAuthorizationToken } from '../../../lib/transport/authorization-token';
import { Api } from '../../../test/harness/api';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres';
import { waitFor } from '../../../test/harness/wait';
import { CONTROLLER_DEFAULTS, type ControllerConfig } from '../config';
import { enrollWith, TestWorker, type ClusterPort } from '../control/control.fixture';
import { openDb } from '../db/db';
import { devPlan } from '../init/plan';
import { initialize } from '../init/initialize';
import { createKms } from '../kms/kms';
import { startController, type RunningController } from '../main';
import { loadAuthority } from '../workers/authority';

const PROJECT = 'p_1234567890';
// Audit events are written whatever the level.
const log = createLogger('test', { level: 'silent', fd: openSync('/dev/null', 'w') });
let database: TestDatabase;
let controller: RunningController;
let cluster: ClusterPort;
let admin: Api;
let user: Api;
const anonymous = (): Api => new Api(admin.address);

beforeAll(async () => {
  database = await createTestDatabase();
  const rootKey = { id: 'root', key: randomBytes(32) };
  const db = openDb({ url: database.url, log });
  const kms = createKms({ rootKey });
  const login = { loginName: 'admin', password: 'password' };
  const unprivileged = { unprivilegedLoginName: 'user', unprivilegedPassword: 'password' };
  const limits = { targetDefaultPort: 22, targetSessionMaxSeconds: 0, targetSessionConnectionLimit: -1 };
  const ids = { idSuffix: '1234567890', secondaryIdSuffix: '0987654321', hostAddress: '127.0.0.1' };
  await initialize(db, kms, devPlan({ ...login, ...unprivileged, ...limits, ...ids }), new Date());
  const { certificates } = await loadAuthority(db.executor, kms);
  await db.close();
  const config: ControllerConfig = {
    ...CONTROLLER_DEFAULTS,
    name: 'test',
    database: { url: database.url },
    rootKey,
    api: { address: { host: '127.0.0.1', port: 0 }, corsEnabled: false, corsAllowedOrigins: [] },
    cluster: { address: { host: '127.0.0.1', port: 0 } },
  };
  controller = await startController(config, { clock: systemClock, log });
  cluster = { port: controller.clusterAddress.port, authorities: certificates };
  const address = `http://127.0.0.1:${controller.apiAddress.port}`;
  admin = new Api(address);
  await admin.login('ampw_1234567890', 'admin', 'password');
  user = new Api(address);
  await user.login('ampw_1234567890', 'user', 'password');
});
afterAll(async () => {
  await controller.close();
  await database.drop();
});

async function newWorker(name: string): Promise<{ id: string; token: string }> {
  const made = await admin.ok('POST', '/v1/workers:create:controller-led', { scope_id: 'global', name });
  return { id: made.id as string, token: made.controller_generated_activation_token as string };
}

async function attached(name: string, address: string): Promise<TestWorker & { id: string }> {
  const { id, token } = await newWorker(name);
  const key = newEd25519();
  const { certificate } = await enrollWith(cluster, token, key);
  const worker = new TestWorker(cluster, { key, certificate });
  await worker.attach({ address });
  return Object.assign(worker, { id });
}

test('without a worker the error names the remedy', async () => {
  const target = await admin.target(PROJECT, 5432);
  const answer = await admin.call('POST', `/v1/targets/${target.id}:authorize-session`, {});
  expect(answer).toMatchObject({
    status: 503,
    body: { kind: 'Unavailable', message: expect.stringContaining('start a worker') },
  });
});

describe('with a worker', () => {
  let worker: TestWorker & { id: string };
  let target: { id: string };
  beforeAll(async () => {
    worker = await attached('one', '10.0.0.1:9202');
    target = await admin.target(PROJECT, 5432, { session_connection_limit: 4 });
  });
  afterAll(() => worker.close());

  test('the answer holds all that a client needs, and the worker has the grant', async () => {
    const before = Date.now();
    const made: any = await admin.authorize(target.id);
    expect(made).toMatchObject({
      target_id: target.id,
      user_id: 'u_1234567890',
      type: 'tcp',
      connection_limit: 4,
      endpoint: 'tcp://127.0.0.1:5432',
      endpoint_port: 5432,
      scope: { id: PROJECT, type: 'project', parent_scope_id: 'o_1234567890' },
    });
    expect(Math.abs(new Date(made.expiration).getTime() - before - 28_800_000)).toBeLessThan(60_000);
    const data = decodeAuthorizationToken(made.authorization_token);
    expect(data).toMatchObject({
      session_id: made.session_id,
      worker_info: [{ address: '10.0.0.1:9202' }],
      endpoint: 'tcp://127.0.0.1:5432',
      connection_limit: 4,
    });
    expect(new X509Certificate(data.certificate).subjectAltName).toBe(`DNS:${made.session_id}, IP Address:10.0.0.1`);
    const grant = await worker.hear('session_grant', (value) => value.session_id === made.session_id);
    expect(grant.role?.$case === 'egress' && grant.role.value.private_key.equals(data.private_key)).toBe(true);
    const read = await admin.session(made.session_id as string);
    expect(read).toMatchObject({ status: 'pending', version: 1, states: [{ status: 'pending' }] });
    expect(read.connections).toBeUndefined();
    expect(Buffer.from(read.certificate as string, 'base64').equals(data.certificate)).toBe(true);
  });

  test('a session: active with its connection, canceled at once, terminated with its reason', async () => {
    const { session_id } = await admin.authorize(target.id);
    const { connection_id } = await worker.authorize(session_id);
    expect(await admin.session(session_id)).toMatchObject({
      status: 'active',
      version: 2,
      connections: [{ client_tcp_address: '10.9.8.7', client_tcp_port: 50_000, bytes_up: '0', bytes_down: '0' }],
    });
    // The version is the one before the activation: an emergency cancel must not fail for that.
    const canceled = await admin.ok('POST', `/v1/sessions/${session_id}:cancel`, { version: 1 });
    expect(canceled).toMatchObject({ status: 'canceling', version: 3, canceled_by: 'u_1234567890' });
    expect(canceled.connections).toBeUndefined();
    await worker.hear('cancel_session', (value) => value.session_id === session_id);
    worker.closed(session_id, connection_id, 1n, { closed_by: 'admin', cause: 'canceled' });
    await worker.hear('connection_closed_ack');
    const ended = await admin.session(session_id);
    expect(ended).toMatchObject({ status: 'terminated', termination_reason: 'canceled', version: 4 });
    expect(ended.states.map((state: any) => state.status)).toEqual(['terminated', 'canceling', 'active', 'pending']);
    expect(ended.connections).toMatchObject([
      { bytes_up: '5', bytes_down: '6', closed_reason: 'canceled', closed_by: 'admin', cause: 'canceled' },
    ]);
    expect(await admin.ok('POST', `/v1/sessions/${session_id}:cancel`, { version: 1 })).toMatchObject({
      status: 'terminated',
      version: 4,
    });
  });

  test('lists show the own sessions, and ended ones on request', async () => {
    const mine = await admin.authorize(target.id);
    const theirs = await user.authorize(target.id);
    const list = async (api: Api, more = ''): Promise<string[]> => {
      const { items = [] } = await api.ok('GET', `/v1/sessions?scope_id=${PROJECT}${more}`);
      return items.map((item: { id: string }) => item.id);
    };
    expect(await list(admin)).toEqual(expect.arrayContaining([mine.session_id, theirs.session_id]));
    expect(await list(user)).toEqual([theirs.session_id]);
    await user.ok('POST', `/v1/sessions/${theirs.session_id}:cancel`, { version: 1 });
    await admin.sessionWhere(theirs.session_id, 'terminated', (session) => session.status === 'terminated');
    expect(await list(user)).toEqual([]);
    expect(await list(user, '&include_terminated=true')).toEqual([theirs.session_id]);
  });

  test('who may not', async () => {
    const { session_id } = await admin.authorize(target.id);
    const path = `/v1/sessions/${session_id}`;
    expect(await user.call('GET', path)).toMatchObject({ status: 403, body: { kind: 'PermissionDenied' } });
    expect(await user.call('POST', `${path}:cancel`, { version: 1 })).toMatchObject({ status: 403 });
    expect(await anonymous().call('GET', path)).toMatchObject({ status: 401 });
    expect(await admin.call('POST', `${path}:cancel`, { version: 9 })).toMatchObject({ status: 404 });
    expect(await admin.call('POST', `${path}:cancel`, {})).toMatchObject({
      status: 400,
      body: { details: { request_fields: [{ name: 'version', description: 'Required field.' }] } },
    });
    expect(await admin.call('GET', '/v1/sessions/s_0000000000')).toMatchObject({ status: 404 });
  });

  test('logout ends the sessions of the token', async () => {
    const guest = anonymous();
    await guest.login('ampw_1234567890', 'user', 'password');
    const { session_id } = await guest.authorize(target.id);
    const { auth_token_id } = await admin.session(session_id);
    await guest.ok('DELETE', `/v1/auth-tokens/${auth_token_id}`);
    await worker.hear('cancel_session', (value) => value.session_id === session_id && value.closed_by === 'policy');
    await admin.sessionWhere(session_id, 'terminated', (session) => session.status === 'terminated');
  });

  test('worker filters choose by name and tags', async () => {
    const other = await attached('two', '[::1]:9302');
    const workersOf = async (egress_worker_filter: string): Promise<string[]> => {
      const made = await admin.target(PROJECT, 22, { egress_worker_filter });
      const { authorization_token } = await admin.authorize(made.id);
      return decodeAuthorizationToken(authorization_token).worker_info.map((info) => info.address);
    };
    expect(await workersOf('"/name" == "two"')).toEqual(['[::1]:9302']);
    expect((await workersOf('"dev" in "/tags/type"')).sort()).toEqual(['10.0.0.1:9202', '[::1]:9302']);
    const nowhere = await admin.target(PROJECT, 22, { egress_worker_filter: '"/name" == "nobody"' });
    expect(await admin.call('POST', `/v1/targets/${nowhere.id}:authorize-session`, {})).toMatchObject({
      status: 503,
      body: { message: expect.stringContaining('matches none of them') },
    });
    await other.close();
  });
});

describe('workers', () => {
  test('create, enroll, update, list and delete', async () => {
    const { id, token } = await newWorker('three');
    expect(token).toMatch(/^neslat_/);
    const read = await admin.ok('GET', `/v1/workers/${id}`);
    expect(read).toMatchObject({
      name: 'three',
      version: 1,
      type: 'pki',
      scope_id: 'global',
      active_connection_count: 0,
    });
    expect(read.controller_generated_activation_token).toBeUndefined();
    expect(read.authorized_actions).toEqual(expect.arrayContaining(['no-op', 'read', 'update', 'delete']));
    const renamed = await admin.ok('PATCH', `/v1/workers/${id}`, { version: 1, description: 'third' });
    expect(renamed).toMatchObject({ description: 'third', version: 2 });
    const list = await admin.ok('GET', '/v1/workers?scope_id=global&filter="/item/name" == "three"');
    expect(Object.keys(list as object)).toEqual(['items']);
    expect(list.items).toHaveLength(1);
    expect(await admin.call('DELETE', `/v1/workers/${id}`)).toMatchObject({ status: 204 });
    expect(await admin.call('GET', `/v1/workers/${id}`)).toMatchObject({ status: 404 });
    await expect(enrollWith(cluster, token)).rejects.toThrow('unknown');
  });

  test('an attached worker shows what it said of itself', async () => {
    const worker = await attached('four', 'w.test:9202');
    const read = await admin.ok('GET', `/v1/workers/${worker.id}`);
    expect(read).toMatchObject({
      address: 'w.test:9202',
      release_version: 'Sallyport v0.1.0',
      config_tags: { type: ['dev', 'local'] },
      canonical_tags: { type: ['dev', 'local'] },
      version: 1,
    });
    expect(Date.now() - new Date(read.last_status_time as string).getTime()).toBeLessThan(60_000);
    await admin.ok('DELETE', `/v1/workers/${worker.id}`);
    await waitFor('the cut', () => worker.ended);
    await worker.close();
  });

  test('what is refused', async () => {
    const create = (body: unknown) => admin.call('POST', '/v1/workers:create:controller-led', body);
    expect(await create({ scope_id: 'p_1234567890' })).toMatchObject({
      status: 400,
      body: { details: { request_fields: [{ name: 'scope_id', description: "Must be 'global'" }] } },
    });
    expect(await create({ scope_id: 'global', name: 'Big' })).toMatchObject({
      status: 400,
      body: { details: { request_fields: [{ name: 'name', description: 'Name must be all lowercase.' }] } },
    });
    await newWorker('five');
    expect(await create({ scope_id: 'global', name: 'five' })).toMatchObject({ status: 400 });
    expect(await user.call('POST', '/v1/workers:create:controller-led', { scope_id: 'global' })).toMatchObject({
      status: 403,
    });
    expect(await admin.call('GET', `/v1/workers?scope_id=${PROJECT}`)).toMatchObject({ status: 400 });
    expect(await anonymous().call('GET', '/v1/workers?scope_id=global')).toMatchObject({ status: 401 });
  });
});
