/**
 * `database init`, `database migrate` and `server` as processes: what they print, refuse and leave
 * behind.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../lib/log/log';
import { openDb, sql } from '../../services/controller/db/db';
import { Api } from '../harness/api';
import { SALLYPORT } from '../harness/dev';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../harness/postgres';
import { freePorts, run, start, type Finished, type Live } from '../harness/process';
import { waitFor } from '../harness/wait';

const home = mkdtempSync(join(tmpdir(), 'sallyport-server-'));
const databases: TestDatabase[] = [];
const running: Live[] = [];
let files = 0;

afterEach(async () => {
  for (const live of running.splice(0)) await live.stop('SIGKILL');
});
afterAll(async () => {
  for (const database of databases) await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const sallyport = (args: string[], env: Record<string, string> = {}): Promise<Finished> =>
  run(SALLYPORT, args, { env: { HOME: home, ...env }, timeoutMs: 60_000 });

const serve = (file: string): Live => {
  const live = start(SALLYPORT, ['server', '-config', file], { env: { HOME: home } });
  running.push(live);
  return live;
};

function write(config: unknown): string {
  const file = join(home, `config-${files++}.json`);
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config), { mode: 0o600 });
  return file;
}

const tcp = (purpose: string, port: number) => ({ purpose, address: `127.0.0.1:${port}`, tls_disable: true });

async function controllerConfig(url: string) {
  const [api, cluster, ops, proxy, workerOps] = (await freePorts(5)) as [number, number, number, number, number];
  const config: Record<string, any> = {
    controller: { name: 'c1', database: { url } },
    listener: [tcp('api', api), tcp('cluster', cluster), tcp('ops', ops)],
    kms: [{ type: 'aead', purpose: 'root', key: randomBytes(32).toString('base64'), key_id: 'root' }],
  };
  return { config, ports: { api, cluster, ops, proxy, workerOps } };
}

async function emptyDatabase(): Promise<string> {
  const database = await createEmptyDatabase();
  databases.push(database);
  return database.url;
}

test('database init prints blocks, then the same database says that it is initialized', async () => {
  const file = write((await controllerConfig(await emptyDatabase())).config);
  const first = await sallyport(['database', 'init', '-config', file]);
  expect(first).toMatchObject({ code: 0 });
  const shown = first.stdout.replace(/_[0-9A-Za-z]{10}\b/g, '_ID').replace(/(Password: +)[0-9A-Za-z]{20}/, '$1SECRET');
  expect(shown).toMatchInlineSnapshot(`
   "Migrations successfully run.
   Global-scope keys successfully created.

   Initial login role information:
     Name:      Login Grants
     Role ID:   r_ID

   Initial authenticated user role information:
     Name:      Authenticated User Grants
     Role ID:   r_ID

   Initial auth information:
     Auth Method ID:     ampw_ID
     Auth Method Name:   Generated global scope initial password auth method
     Login Name:         admin
     Password:           SECRET
     Scope ID:           global
     User ID:            u_ID
     User Name:          admin

   Initial org scope information:
     Name:       Generated org scope
     Scope ID:   o_ID
     Type:       org

   Initial project scope information:
     Name:       Generated project scope
     Scope ID:   p_ID
     Type:       project

   Initial host resources information:
     Host Catalog ID:     hcst_ID
     Host Catalog Name:   Generated host catalog
     Host ID:             hst_ID
     Host Name:           Generated host
     Host Set ID:         hsst_ID
     Host Set Name:       Generated host set
     Scope ID:            p_ID
     Type:                static

   Initial target information:
     Default Port:               22
     Name:                       Generated target with a direct address
     Scope ID:                   p_ID
     Session Connection Limit:   -1
     Session Max Seconds:        28800
     Target ID:                  ttcp_ID
     Type:                       tcp

   Initial target information:
     Default Port:               22
     Name:                       Generated target using host sources
     Scope ID:                   p_ID
     Session Connection Limit:   -1
     Session Max Seconds:        28800
     Target ID:                  ttcp_ID
     Type:                       tcp

   "
  `);
  const again = await sallyport(['database', 'init', '-config', file]);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain('initialized already');
  expect(again.stdout).not.toContain('Password');
  const migrated = await sallyport(['database', 'migrate', '-config', file]);
  expect(migrated).toMatchObject({ code: 0, stdout: 'The database has every migration of this release.\n' });
});

test('database init as JSON, with parts skipped', async () => {
  const file = write((await controllerConfig(await emptyDatabase())).config);
  const done = await sallyport(['database', 'init', '-config', file, '-format', 'json', '-skip-target-creation']);
  expect(done.code).toBe(0);
  const made = JSON.parse(done.stdout) as Record<string, Record<string, string>>;
  expect(Object.keys(made).sort()).toEqual(
    ['auth_method', 'authenticated_user_role', 'host_resources', 'login_role', 'org_scope', 'project_scope'].sort(),
  );
  expect(made['login_role']!['scope_id']).toMatch(/^r_/);
  expect(made['auth_method']!['password']).toMatch(/^[0-9A-Za-z]{20}$/);
});

test('states of the database that a server cannot use, each with its remedy', async () => {
  const empty = write((await controllerConfig(await emptyDatabase())).config);
  const notInitialized = await sallyport(['server', '-config', empty]);
  expect(notInitialized.code).toBe(2);
  expect(notInitialized.stderr).toContain(`run "sallyport database init -config ${empty}"`);
  expect((await sallyport(['database', 'migrate', '-config', empty])).code).toBe(255);

  const database = await createTestDatabase();
  databases.push(database);
  const migratedOnly = write((await controllerConfig(database.url)).config);
  expect((await sallyport(['server', '-config', migratedOnly])).stderr).toContain('database init');
  const db = openDb({ url: database.url, log: createLogger('test', { level: 'silent' }), maxConnections: 1 });
  await sql`insert into schema_migrations values ('9999_later', '2030-01-01')`.execute(db.executor);
  expect((await sallyport(['server', '-config', migratedOnly])).stderr).toContain('newer release');
  await sql`delete from schema_migrations where name >= '0005'`.execute(db.executor);
  await db.close();
  expect((await sallyport(['server', '-config', migratedOnly])).stderr).toContain('database migrate');

  const away = write((await controllerConfig('postgres://hush:hush@127.0.0.1:1/x')).config);
  const refused = await sallyport(['server', '-config', away]);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain('nothing answers at 127.0.0.1:1');
  expect(refused.stderr).not.toContain('hush');
  const unknown = write((await controllerConfig(`${await emptyDatabase()}_not`)).config);
  const init = await sallyport(['database', 'init', '-config', unknown]);
  expect(init.stderr).toContain('there is no database of this name: create it');
}, 60_000);

test('a wrong root key and a busy port are told', async () => {
  const { config, ports } = await controllerConfig(await emptyDatabase());
  const file = write(config);
  expect((await sallyport(['database', 'init', '-config', file])).code).toBe(0);
  const other = write({ ...config, kms: [{ ...config['kms'][0], key: randomBytes(32).toString('base64') }] });
  const wrongKey = await sallyport(['server', '-config', other]);
  expect(wrongKey.code).toBe(2);
  expect(wrongKey.stderr).toMatch(/root key/);
  const first = serve(file);
  await first.output(/server started/);
  const busy = await sallyport(['server', '-config', file]);
  expect(busy.code).toBe(2);
  expect(busy.stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:(${ports.api}|${ports.cluster}|${ports.ops}) is in use`));
  expect(await first.stop('SIGTERM')).toMatchObject({ code: 0 });
}, 60_000);

test('a configuration with mistakes: all of them, exit code 3', async () => {
  const { config } = await controllerConfig('postgres://u:hush@127.0.0.1/x');
  const file = write({ ...config, listener: [{ purpose: 'api' }], controler: {}, log_level: 'loud' });
  const done = await sallyport(['server', '-config', file]);
  expect(done.code).toBe(3);
  for (const text of [
    'log_level: one of',
    'listener[0].tls_cert_file',
    'purpose "cluster"',
    'did you mean "controller"?',
  ]) {
    expect(done.stderr).toContain(text);
  }
  expect(done.stderr).not.toContain('hush');
  expect((await sallyport(['server'])).code).toBe(3);
});

test('controller and worker in one file: the worker is a process of its own and enrolls by itself', async () => {
  const { config, ports } = await controllerConfig(await emptyDatabase());
  const storage = join(home, 'both');
  config['worker'] = { auth_storage_path: storage, tags: { type: ['beside'] } };
  config['listener'].push(tcp('proxy', ports.proxy), tcp('ops', ports.workerOps));
  const file = write(config);
  const init = await sallyport(['database', 'init', '-config', file, '-format', 'json']);
  const admin = JSON.parse(init.stdout).auth_method;
  const live = serve(file);
  await live.output(/server started/);
  const api = new Api(`http://127.0.0.1:${ports.api}`);
  await api.login(admin.auth_method_id, admin.login_name, admin.password);
  const worker = await waitFor(
    'the worker',
    async () => (await api.ok('GET', '/v1/workers?scope_id=global')).items?.find((item: any) => item.address),
    { status: () => live.stderr },
  );
  expect(worker).toMatchObject({ name: 'c1-worker', canonical_tags: { type: ['beside'] } });
  expect(statSync(storage).mode & 0o777).toBe(0o700);
  expect(await live.stop('SIGTERM')).toMatchObject({ code: 0 });
  // A second start needs no new enrollment.
  const second = serve(file);
  await second.output(/server started/);
  await waitFor('readiness', () =>
    fetch(`http://127.0.0.1:${ports.workerOps}/readyz`).then(
      (r) => r.ok,
      () => false,
    ),
  );
  expect(await second.stop('SIGINT')).toMatchObject({ code: 0 });
}, 90_000);

test('a process that is only a worker holds no database driver', async () => {
  const [proxy] = await freePorts(1);
  const file = write({
    worker: {
      auth_storage_path: join(home, 'alone'),
      initial_upstreams: ['127.0.0.1:1'],
      controller_generated_activation_token: `neslat_${'1'.repeat(128)}`,
    },
    listener: [tcp('proxy', proxy!)],
  });
  const probe = join(home, 'probe.cjs');
  const list = join(home, 'loaded.txt');
  writeFileSync(
    probe,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)},
       Object.keys(require('node:module')._cache).join('\\n')));`,
  );
  const live = start(process.execPath, ['-r', probe, SALLYPORT, 'server', '-config', file], { env: { HOME: home } });
  running.push(live);
  await live.output(/server started|Error/);
  await live.stop('SIGTERM');
  const loaded = readFileSync(list, 'utf8').split('\n');
  expect(loaded.some((name) => name.includes('grpc-js'))).toBe(true);
  expect(loaded.filter((name) => /node_modules\/(pg|pg-[a-z-]+|kysely)\//.test(name))).toEqual([]);
}, 60_000);
