import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres';
import { createLogger } from '../../../lib/log/log';
import { openDb, row, rows, sql, type Db } from '../db/db';
import { createKms, type Kms } from '../kms/kms';
import { initialize } from './initialize';
import { localWorkerToken } from './local-worker';
import { devPlan, initPlan, type DevOptions } from './plan';

const log = createLogger('test', { level: 'silent' });
const NOW = new Date('2030-01-02T03:04:05Z');
const DEV: DevOptions = {
  idSuffix: '1234567890',
  secondaryIdSuffix: '0987654321',
  loginName: 'admin',
  password: 'password',
  unprivilegedLoginName: 'user',
  unprivilegedPassword: 'password',
  hostAddress: 'localhost',
  targetDefaultPort: 22,
  targetSessionMaxSeconds: 0,
  targetSessionConnectionLimit: -1,
  demo: { address: '127.0.0.1', port: 6543, username: 'demo', password: 'for the demo' },
};

let database: TestDatabase;
let db: Db;
let kms: Kms;

beforeEach(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log, maxConnections: 2 });
  kms = createKms({ rootKey: { id: 'r', key: Buffer.alloc(32, 1) } });
});
afterEach(async () => {
  await db.close();
  await database.drop();
});

const ids = async (table: string): Promise<string[]> =>
  (await rows<{ id: string }>(db.executor, sql`select id from ${sql.table(table)} order by id`)).map((r) => r.id);

test('dev mode starts with the well-known ids, at the versions that clients expect', async () => {
  await initialize(db, kms, devPlan(DEV), NOW);
  expect(await ids('scopes')).toEqual(['global', 'o_1234567890', 'p_1234567890']);
  expect(await ids('users')).toEqual(['u_0987654321', 'u_1234567890', 'u_anon', 'u_auth', 'u_recovery']);
  expect(await ids('accounts')).toEqual(['acctpw_0987654321', 'acctpw_1234567890']);
  expect(await ids('hosts')).toEqual(['hst_1234567890']);
  const targets = await rows(
    db.executor,
    sql`select id, address, default_port, version from targets order by default_port desc, version`,
  );
  expect(targets).toEqual([
    { id: expect.stringMatching(/^ttcp_/), address: '127.0.0.1', default_port: 6543, version: 2 },
    { id: 'ttcp_1234567890', address: '127.0.0.1', default_port: 22, version: 1 },
    { id: 'ttcp_0987654321', address: null, default_port: 22, version: 2 },
  ]);
  const roles = await rows(
    db.executor,
    sql`select r.name, r.version, p.principal_id, count(g)::int as grants
    from roles r join role_principals p on p.role_id = r.id join role_grants g on g.role_id = r.id
    group by 1, 2, 3 order by 1`,
  );
  expect(roles).toEqual([
    { name: 'Administration', version: 4, principal_id: 'u_1234567890', grants: 1 },
    { name: 'Authenticated User Grants', version: 4, principal_id: 'u_auth', grants: 6 },
    { name: 'Login Grants', version: 4, principal_id: 'u_anon', grants: 3 },
  ]);
  const primary = await row(db.executor, sql`select primary_auth_method_id as id from scopes where id = 'global'`);
  expect(primary).toEqual({ id: 'ampw_1234567890' });
  const account = await row(db.executor, sql`select created_time from accounts where id = 'acctpw_1234567890'`);
  expect(account).toEqual({ created_time: NOW });
});

test('dev mode has an OIDC and an LDAP auth method when asked, with an account of each for both users', async () => {
  await initialize(db, kms, devPlan({ ...DEV, oidc: true, ldap: true }), NOW);
  const newestFirst = await rows(db.executor, sql`select id from auth_methods order by created_time desc`);
  expect(newestFirst).toEqual([{ id: 'amldap_1234567890' }, { id: 'amoidc_1234567890' }, { id: 'ampw_1234567890' }]);
  const users = await rows(
    db.executor,
    sql`select u.id, u.version, array_agg(a.type order by a.type) as types
        from users u join accounts a on a.user_id = u.id group by u.id order by 1`,
  );
  const types = ['ldap', 'oidc', 'password'];
  expect(users).toEqual([
    { id: 'u_0987654321', version: 4, types },
    { id: 'u_1234567890', version: 4, types },
  ]);
  expect(await ids('oidc_accounts')).toEqual(['acctoidc_0987654321', 'acctoidc_1234567890']);
});

test('database init: random ids, one admin, roles in the org and the project', async () => {
  const plan = initPlan({});
  await initialize(db, kms, plan, NOW);
  expect(plan.authMethod!.admin.password).toMatch(/^[0-9A-Za-z]{20}$/);
  expect(await ids('accounts')).toEqual([plan.authMethod!.admin.accountId]);
  const names = await rows(
    db.executor,
    sql`select s.type, r.name from roles r join scopes s on s.id = r.scope_id where s.type <> 'global' order by 1, 2`,
  );
  expect(names).toEqual([
    { type: 'org', name: 'Administration' },
    { type: 'org', name: 'Login and Default Grants' },
    { type: 'project', name: 'Administration' },
    { type: 'project', name: 'Default Grants' },
  ]);
  const keys = await rows(db.executor, sql`select scope_id from kms_root_keys order by 1`);
  expect(keys).toHaveLength(3);
});

test('a second initialization is refused and changes nothing', async () => {
  await initialize(db, kms, devPlan(DEV), NOW);
  await expect(initialize(db, kms, initPlan({}), NOW)).rejects.toThrow('initialized already');
  expect(await ids('users')).toHaveLength(5);
});

test.each([
  [{ skipScopesCreation: true }, { scopes: 1, targets: 0, hosts: 0, auth_methods: 1 }],
  [{ skipHostResourcesCreation: true }, { scopes: 3, targets: 0, hosts: 0, auth_methods: 1 }],
  [{ skipTargetCreation: true }, { scopes: 3, targets: 0, hosts: 1, auth_methods: 1 }],
  [{ skipAuthMethodCreation: true }, { scopes: 3, targets: 2, hosts: 1, auth_methods: 0 }],
])('%j', async (skips, counts) => {
  await initialize(db, kms, initPlan(skips), NOW);
  for (const [table, count] of Object.entries(counts)) expect(await ids(table)).toHaveLength(count);
});

test('the local worker is made once and gets a fresh token each time', async () => {
  await initialize(db, kms, devPlan(DEV), NOW);
  const worker = { name: 'w_1234567890', description: 'A default worker created in dev mode' };
  const first = await localWorkerToken(db, kms, worker, NOW);
  const second = await localWorkerToken(db, kms, worker, NOW);
  expect(first).toMatch(/^neslat_/);
  expect(second).not.toBe(first);
  expect(await rows(db.executor, sql`select name, config_managed from workers`)).toEqual([
    { name: 'w_1234567890', config_managed: true },
  ]);
  expect(await rows(db.executor, sql`select id from worker_activation_tokens`)).toHaveLength(1);
});
