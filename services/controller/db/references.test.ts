/**
 * The schema leaves no orphans: what names a resource is tied to it, and every tie says what a
 * deletion does.
 */
import { createLogger } from '../../../lib/log/log';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres';
import { openDb, rows, sql, type Db } from './db';

let database: TestDatabase;
let db: Db;
let ties: Tie[];

interface Tie {
  name: string;
  from: string;
  columns: string[];
  to: string;
  /** PostgreSQL's letter: c cascade, n set null, a no action. */
  on_delete: string;
  valid: boolean;
}

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: createLogger('test', { level: 'silent' }), maxConnections: 1 });
  ties = await rows<Tie>(
    db.executor,
    sql`select conname as name, conrelid::regclass::text as "from", confrelid::regclass::text as "to",
          confdeltype::text as on_delete, convalidated as valid,
          array(select attname::text from unnest(conkey) k join pg_attribute on attrelid = conrelid and attnum = k)
            as columns
        from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace order by 1`,
  );
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** Columns that look like a reference and are none. */
const UNTIED: Record<string, string> = {
  'aliases.host_id': 'a host may go and come back; a session through the alias is refused meanwhile, as clients expect',
  'kms_destruction_jobs.key_version_id': 'the record of a destruction outlives the version that it destroyed',
  'kms_root_key_versions.wrapping_key_id': 'names the root key of the configuration',
  'monthly_active_users.user_id': 'a count of the past, which deletions do not change',
  'oidc_auth_methods.client_id': 'as the provider gave it',
  'role_grant_scopes.grant_scope_id': 'computed from the columns beside it, which are tied',
  'role_principals.principal_id': 'computed from the columns beside it, which are tied',
  'target_credential_sources.source_id': 'computed from the columns beside it, which are tied',
  'session_connections.boot_id': 'a run of a worker process',
  'workers.boot_id': 'a run of a worker process',
  'worker_attachments.boot_id': 'a run of a worker process',
  'worker_attachments.attachment_id': 'a stream of a worker process',
  'sessions.correlation_id': 'the request that made it, for the log',
};

test('every column that names a resource refers to it', async () => {
  const columns = await rows<{ at: string }>(
    db.executor,
    sql`select c.table_name || '.' || c.column_name as at
        from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.column_name like '%\_id'`,
  );
  const tied = new Set(ties.flatMap((tie) => tie.columns.map((column) => `${tie.from}.${column}`)));
  const untied = columns.map(({ at }) => at).filter((at) => !tied.has(at));
  expect(untied.sort()).toEqual(Object.keys(UNTIED).sort());
});

/** Ties without an action: what they refer to cannot be deleted before they are gone. */
const HOLDING: [what: RegExp, reason: string][] = [
  [/ -> kms_(data|root)_key_versions$/, 'a key version stays while something is encrypted with it'],
  [/^(aliases|workers)\.scope_id -> scopes$/, 'the global scope is never deleted'],
  [/^session_states\.session_id,prior_status,start_time -> session_states$/, 'all states go with their session'],
];

test('every reference says what the end of the other side means', () => {
  const silent = ties
    .filter((tie) => tie.on_delete !== 'c' && tie.on_delete !== 'n')
    .map((tie) => `${tie.from}.${tie.columns.join(',')} -> ${tie.to}`)
    .filter((text) => !HOLDING.some(([what]) => what.test(text)));
  expect(silent).toEqual([]);
  expect(ties.filter((tie) => !tie.valid)).toEqual([]);
});

/** References of tables with few rows, or to what is never deleted. */
const UNINDEXED: Record<string, string> = {
  ca_certificates_key_id_fkey: 'two rows',
  deployment_keys_key_id_fkey: 'a row for each deployment',
  ldap_auth_methods_bind_password_key_id_fkey: 'auth methods are few',
  ldap_auth_methods_client_certificate_key_id_fkey: 'auth methods are few',
  oidc_auth_methods_client_secret_key_id_fkey: 'auth methods are few',
  workers_scope_id_fkey: 'the global scope is never deleted',
};

test('a deletion finds what refers to it by an index', async () => {
  const indexes = await rows<{ at: string; first: string }>(
    db.executor,
    sql`select indrelid::regclass::text as at, attname::text as first from pg_index
        join pg_attribute on attrelid = indrelid and attnum = indkey[0]
        join pg_class on pg_class.oid = indrelid where relnamespace = 'public'::regnamespace`,
  );
  const firsts = new Set(indexes.map(({ at, first }) => `${at}.${first}`));
  const slow = ties.filter((tie) => !tie.columns.some((column) => firsts.has(`${tie.from}.${column}`)));
  expect(slow.map((tie) => tie.name).sort()).toEqual(Object.keys(UNINDEXED).sort());
});
