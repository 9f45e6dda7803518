import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../lib/config/fields';
import { Flags } from '../server/streams';
import { readDevSettings } from './options';

const dir = mkdtempSync(join(tmpdir(), 'sallyport-options-'));
afterAll(() => rmSync(dir, { recursive: true }));
const read = (flags: Record<string, unknown> = {}, env: NodeJS.ProcessEnv = {}) =>
  readDevSettings(new Flags(flags), env);

test('nothing given: the well-known ids, logins and ports', () => {
  expect(read()).toEqual({
    apiAllowedHosts: ['127.0.0.1'],
    opsAllowedHosts: ['127.0.0.1', '127.0.0.1'],
    idSuffix: '1234567890',
    secondaryIdSuffix: '0987654321',
    loginName: 'admin',
    password: 'password',
    unprivilegedLoginName: 'user',
    unprivilegedPassword: 'password',
    api: { host: '127.0.0.1', port: 9200 },
    cluster: { host: '127.0.0.1', port: 9201 },
    proxy: { host: '127.0.0.1', port: 9202 },
    ops: { host: '127.0.0.1', port: 9203 },
    workerOps: { host: '127.0.0.1', port: 9204 },
    controllerPublicClusterAddress: undefined,
    workerPublicAddress: undefined,
    hostAddress: 'localhost',
    targetDefaultPort: 22,
    targetSessionMaxSeconds: 0,
    targetSessionConnectionLimit: -1,
    controllerOnly: false,
    oidc: true,
    ldap: true,
    aliasTargets: true,
    databaseUrl: undefined,
    dataDir: undefined,
    demo: { database: 'demo', username: 'demo', password: undefined },
    recoveryKey: undefined,
    log: { level: 'warn', format: 'json', events: { allow: [], deny: [] } },
  });
});

test('the flag wins over the file', () => {
  const file = join(dir, 'dev.json');
  const listener = (purpose: string, port: number) => ({ purpose, address: `127.0.0.2:${port}`, tls_disable: true });
  writeFileSync(
    file,
    JSON.stringify({
      listener: [
        listener('api', 1),
        listener('cluster', 2),
        listener('proxy', 3),
        listener('ops', 4),
        listener('ops', 5),
      ],
      log_level: 'debug',
    }),
  );
  const settings = read({
    config: file,
    'api-listen-address': '0.0.0.0:10',
    'cluster-listen-address': '1.1.1.1:12',
    'proxy-listen-address': '2.2.2.2',
  });
  expect(settings).toMatchObject({
    api: { host: '0.0.0.0', port: 10 },
    cluster: { host: '1.1.1.1', port: 12 },
    proxy: { host: '2.2.2.2', port: 9202 },
    ops: { host: '127.0.0.2', port: 4 },
    workerOps: { host: '127.0.0.2', port: 5 },
    log: { level: 'debug' },
  });
});

test('empty logins are generated; the database URL may stand elsewhere', () => {
  const settings = read({ password: '', 'login-name': '', 'database-url': 'env://DB' }, { DB: 'postgres://x/y' });
  expect(settings.password).toMatch(/^[0-9A-Za-z]{20}$/);
  expect(settings.loginName).toMatch(/^[0-9a-z]{10}$/);
  expect(settings.databaseUrl).toBe('postgres://x/y');
  expect(read({ 'skip-demo-database': true }).demo).toBeUndefined();
});

test('a second file is refused, since nothing would be read of it', () => {
  const file = join(dir, 'first.json');
  writeFileSync(file, '{}');
  expect(() => read({ config: [file, file] })).toThrow('-config: one file; several are not merged');
});

test('every mistake is named', () => {
  const flags = {
    'id-suffix': '0987654321',
    'target-default-port': 0,
    'ops-listen-address': 'x:y:z',
    'demo-username': 'A-b',
  };
  try {
    read(flags);
    throw new Error('was accepted');
  } catch (error) {
    expect((error as ConfigError).problems.map((problem) => problem.path)).toEqual([
      '-ops-listen-address',
      '-target-default-port',
      '-demo-username',
      '-secondary-id-suffix',
    ]);
  }
});

test('names of API and ops ports: loopback ones, that of the address, those of the flag; a star lets all through', () => {
  expect(read({ 'api-listen-address': 'Dev.example:9200' }).apiAllowedHosts).toEqual(['dev.example']);
  expect(read({ 'api-allowed-host': ['A.example'] }).apiAllowedHosts).toEqual(['127.0.0.1', 'a.example']);
  expect(read({ 'api-allowed-host': ['*'] }).apiAllowedHosts).toBeUndefined();
  expect(read({ 'ops-allowed-host': ['B.example'] }).opsAllowedHosts).toEqual(['127.0.0.1', '127.0.0.1', 'b.example']);
  expect(read({ 'ops-allowed-host': ['*'] }).opsAllowedHosts).toBeUndefined();
});
