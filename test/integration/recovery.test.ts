/**
 * Recovery login over HTTP, over gRPC by the CLI, and against two controllers of one deployment.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../cli/testing/run';
import { systemClock } from '../../lib/clock/clock';
import { formatAddress } from '../../lib/config/address';
import { Lifecycle } from '../../lib/lifecycle/lifecycle';
import { createLogger } from '../../lib/log/log';
import { makeRecoveryToken } from '../../lib/recovery/recovery-token';
import { CONTROLLER_DEFAULTS, type ControllerConfig } from '../../services/controller/config';
import { openDb, rows, sql, type Db } from '../../services/controller/db/db';
import { initialize } from '../../services/controller/init/initialize';
import { initPlan } from '../../services/controller/init/plan';
import { createKms } from '../../services/controller/kms/kms';
import { startController } from '../../services/controller/main';
import { purge } from '../../services/controller/tasks/session-tasks';
import { Api } from '../harness/api';
import { createTestDatabase } from '../harness/postgres';

const key = { id: 'recovery', key: randomBytes(32) };
// Audit events are written whatever the level.
const log = createLogger('test', { level: 'silent', fd: openSync('/dev/null', 'w') });
const lifecycle = new Lifecycle();
const dir = mkdtempSync(join(tmpdir(), 'sallyport-recovery-'));
const addresses: string[] = [];
let db: Db;

const fresh = (with_ = key, now = new Date()): string => makeRecoveryToken(with_, now);
const call = (method: string, path: string, token: string, body?: object, at = 0) => {
  const api = new Api(addresses[at]!);
  api.token = token;
  return api.call(method, path, body);
};

beforeAll(async () => {
  lifecycle.onClose('the directory', () => rmSync(dir, { recursive: true }));
  const database = await createTestDatabase();
  lifecycle.onClose('the database', () => database.drop());
  db = openDb({ url: database.url, log, maxConnections: 2 });
  lifecycle.onClose('the pool', () => db.close());
  const rootKey = { id: 'root', key: randomBytes(32) };
  const kms = createKms({ rootKey });
  await initialize(db, kms, initPlan({ skipAuthMethodCreation: true }), new Date());
  for (const name of ['c1', 'c2', 'without']) {
    const anywhere = { host: '127.0.0.1', port: 0 };
    const config: ControllerConfig = {
      ...CONTROLLER_DEFAULTS,
      name,
      database: { url: database.url, maxOpenConnections: 4 },
      rootKey,
      recoveryKey: name === 'without' ? undefined : key,
      api: { address: anywhere, corsEnabled: false, corsAllowedOrigins: [] },
      cluster: { address: anywhere },
    };
    const controller = await startController(config, { clock: systemClock, log });
    lifecycle.onClose(name, () => controller.close());
    addresses.push(`http://${formatAddress(controller.apiAddress)}`);
  }
});
afterAll(() => lifecycle.close());

test('the recovery user may do what nobody was granted', async () => {
  const created = await call('POST', '/v1/auth-methods', fresh(), { scope_id: 'global', type: 'password', name: 'pw' });
  expect(created).toMatchObject({ status: 200, body: { name: 'pw', authorized_actions: expect.any(Array) } });
  const read = await call('GET', `/v1/auth-methods/${created.body.id}`, fresh());
  expect(read.body.authorized_actions).toEqual(expect.arrayContaining(['read', 'update', 'delete', 'authenticate']));
  const listed = await call('GET', '/v1/auth-methods?scope_id=global&recursive=true', fresh());
  expect(listed.body.items.map((item: any) => item.name)).toContain('pw');
  const org = await call('POST', '/v1/scopes', fresh(), { scope_id: 'global', name: 'rescued' });
  expect(org.status).toBe(200);
  // Nobody made the scope who could be its administrator.
  const roles = await call('GET', `/v1/roles?scope_id=${org.body.id}`, fresh());
  expect(roles.body.items.map((role: any) => role.name)).toEqual(['Login and Default Grants']);
  expect((await call('DELETE', `/v1/scopes/${org.body.id}`, fresh())).status).toBe(204);
});

test('it opens no sessions: those need a login', async () => {
  const targets = await call('GET', '/v1/targets?scope_id=global&recursive=true', fresh());
  const refused = await call('POST', `/v1/targets/${targets.body.items[0].id}:authorize-session`, fresh(), {});
  expect(refused).toMatchObject({ status: 403, body: { kind: 'PermissionDenied', message: 'Forbidden.' } });
});

const refusedAs = { status: 401, body: { kind: 'Unauthenticated' } };

test('a token is good once, on all controllers together', async () => {
  const token = fresh();
  expect((await call('GET', '/v1/users?scope_id=global', token)).status).toBe(200);
  expect(await call('GET', '/v1/users?scope_id=global', token)).toMatchObject(refusedAs);
  expect(await call('GET', '/v1/users?scope_id=global', token, undefined, 1)).toMatchObject(refusedAs);
  const raced = fresh();
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) => call('GET', '/v1/users?scope_id=global', raced, undefined, i % 2)),
  );
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
});

test.each([
  ['of another key', () => fresh({ id: 'recovery', key: randomBytes(32) }), 0],
  ['that has expired', () => fresh(key, new Date(Date.now() - 5 * 60_000)), 0],
  ['of the future', () => fresh(key, new Date(Date.now() + 10 * 60_000)), 0],
  ['that is none', () => 'r_1zzz', 0],
  ['for a controller without the key', () => fresh(), 2],
])('a token %s makes an anonymous caller', async (_, token, at) => {
  expect(await call('GET', '/v1/users?scope_id=global', token(), undefined, at)).toMatchObject(refusedAs);
});

test('the CLI makes a token of the key in a file, a new one for each call', async () => {
  const file = join(dir, 'recovery.json');
  const block = { type: 'aead', purpose: 'recovery', key: 'env://KEY', key_id: 'recovery' };
  writeFileSync(file, JSON.stringify({ kms: block }));
  const env = { KEY: key.key.toString('base64'), SALLYPORT_ADDR: addresses[0], HOME: dir };
  const created = await runCli(['groups', 'create', '-recovery-config', file, '-format', 'json'], { env });
  expect(created).toMatchObject({ exit: 0, stderr: '' });
  const { id } = JSON.parse(created.stdout).item;
  // Reads before it updates: two calls.
  const byVariable = { ...env, SALLYPORT_RECOVERY_CONFIG: file, SALLYPORT_TOKEN: 'at_1234567890_s1x' };
  expect(await runCli(['groups', 'update', '-id', id, '-name', 'new'], { env: byVariable })).toMatchObject({ exit: 0 });
  const list = ['groups', 'list', '-keyring-type', 'none'];
  expect((await runCli(list, { env: { ...env, KEY: randomBytes(32).toString('base64') } })).exit).toBe(1);
});

test.each([
  ['no file', undefined, /recovery-config: .*ENOENT/],
  ['a file that is not JSON', 'kms "aead" {}', /is not one JSON object/],
  ['no such block', '{"kms": {"type": "aead", "purpose": "root"}}', /no "kms" block with purpose "recovery"/],
  ['a short key', '{"kms": {"type": "aead", "purpose": "recovery", "key": "aHVzaA=="}}', /exactly 32 bytes/],
])('the CLI tells %s', async (_, content, message) => {
  const file = join(dir, 'wrong.json');
  rmSync(file, { force: true });
  if (content !== undefined) writeFileSync(file, content);
  const outcome = await runCli(['groups', 'list', '-recovery-config', file], { env: { HOME: dir } });
  expect(outcome).toMatchObject({ exit: 2, stdout: '', stderr: expect.stringMatching(message) });
  expect(outcome.stderr).not.toContain('aHVzaA');
});

test('nonces are kept until no controller accepts their token', async () => {
  await sql`delete from recovery_nonces`.execute(db.executor);
  await call('GET', '/v1/users?scope_id=global', fresh());
  const count = async (): Promise<number> =>
    (await rows<{ n: number }>(db.executor, sql`select count(*)::int as n from recovery_nonces`))[0]!.n;
  const purgeAt = (minutes: number) => purge(db, new Date(Date.now() + minutes * 60_000), 0);
  await purgeAt(60);
  expect(await count()).toBe(1);
  await purgeAt(70);
  expect(await count()).toBe(0);
});
