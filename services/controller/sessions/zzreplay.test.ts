/** Sessions and workers through the API of a whole controller, with a worker on its cluster port. */
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


import { spawn } from 'node:child_process';
import { once } from 'node:events';
test('replay', async () => {
  const w = await attached('w_1234567890', '127.0.0.1:9202');
  const c = spawn('node', ['/work/shared/conformance/replay.mjs', '--addr', admin.address, '--only', process.env.ONLY ?? 'sessions,sessions-termination,authorize-session'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  c.stdout.on('data', (d) => (out += d));
  c.stderr.on('data', (d) => (out += d));
  await once(c, 'close');
  require('node:fs').writeFileSync('/tmp/e-replay.txt', out);
  const ids = await admin.ok('GET', '/v1/workers?scope_id=global');
  require('node:fs').writeFileSync('/tmp/e-workers.txt', JSON.stringify(ids, null, 1));
  await w.close();
}, 120000);
