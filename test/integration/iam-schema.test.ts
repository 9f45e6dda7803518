/** Each rule of the schema of identities and roles, broken once. */
import { createLogger } from '../../lib/log/log';
import { databaseError, openDb, sql, transaction, type Db, type RawBuilder } from '../../services/controller/db/db';
import { createTestDatabase, type TestDatabase } from '../harness/postgres';

const NOW = new Date('2030-01-02T03:04:05Z');
const LATER = new Date('2030-01-02T03:04:06Z');
let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: createLogger('test', { level: 'silent' }), maxConnections: 2 });
  await transaction(db, NOW, async (tx) => {
    for (const statement of WORLD) await statement.execute(tx);
  });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const times = sql`${NOW}, ${NOW}`;
const WORLD = [
  sql`insert into scopes (id, type, scope_id, created_time, updated_time)
      values ('o_1', 'org', 'global', ${times}), ('o_2', 'org', 'global', ${times}), ('p_1', 'project', 'o_1', ${times})`,
  sql`insert into auth_methods (id, scope_id, type, name, created_time, updated_time)
      values ('ampw_1', 'o_1', 'password', 'am', ${times}), ('ampw_2', 'o_2', 'password', null, ${times}),
        ('ampw_3', 'o_1', 'password', null, ${times})`,
  sql`insert into password_auth_methods (id) values ('ampw_1'), ('ampw_2'), ('ampw_3')`,
  sql`insert into users (id, scope_id, name, created_time, updated_time)
      values ('u_1', 'o_1', 'u', ${times}), ('u_2', 'o_2', null, ${times})`,
  sql`insert into accounts (id, auth_method_id, scope_id, type, user_id, name, created_time, updated_time)
      values ('acctpw_1', 'ampw_1', 'o_1', 'password', 'u_1', 'a', ${times}),
        ('acctpw_2', 'ampw_1', 'o_1', 'password', null, null, ${times})`,
  sql`insert into password_accounts (id, auth_method_id, login_name) values ('acctpw_1', 'ampw_1', 'one')`,
  sql`insert into groups (id, scope_id, name, created_time, updated_time) values ('g_1', 'p_1', 'g', ${times})`,
  sql`insert into group_members (group_id, user_id) values ('g_1', 'u_1')`,
  sql`insert into roles (id, scope_id, name, created_time, updated_time)
      values ('r_1', 'o_1', 'r', ${times}), ('r_2', 'o_1', null, ${times})`,
  sql`insert into role_principals (role_id, user_id) values ('r_1', 'u_1')`,
  sql`insert into role_grants (role_id, canonical, raw) values ('r_1', 'x', 'x')`,
  sql`insert into role_grant_scopes (role_id, special) values ('r_1', 'this'), ('r_1', 'children')`,
];

/** Runs a statement in a transaction of its own and answers the constraint that it broke. */
async function broken(statement: RawBuilder<unknown>): Promise<string | undefined> {
  try {
    await transaction(db, LATER, (tx) => statement.execute(tx));
    return 'nothing';
  } catch (error) {
    return databaseError(error)?.constraint ?? String(error);
  }
}

const named = (table: string, id: string, scope: string, name: string | null) => sql`
  insert into ${sql.table(table)} (id, scope_id, name, created_time, updated_time) values (${id}, ${scope}, ${name}, ${times})`;
const method = (type: string, scope: string, name: string | null = null) => sql`
  insert into auth_methods (id, scope_id, type, name, created_time, updated_time)
  values ('ampw_9', ${scope}, ${type}, ${name}, ${times})`;
const account = (methodId: string, scope: string, user: string | null, name: string | null = null) => sql`
  insert into accounts (id, auth_method_id, scope_id, type, user_id, name, created_time, updated_time)
  values ('acctpw_9', ${methodId}, ${scope}, 'password', ${user}, ${name}, ${times})`;
const token = (user: string, expires: Date) => sql`
  insert into auth_tokens (id, scope_id, user_id, auth_method_id, account_id, token, key_id, created_time, updated_time,
    approximate_last_used_time, expiration_time)
  values ('at_1', 'o_1', ${user}, 'ampw_1', 'acctpw_1', '', 'kdkv_1', ${times}, ${NOW}, ${expires})`;
const login = (name: string, hash: string | null = null) => sql`
  insert into password_accounts (id, auth_method_id, login_name, password_hash)
  values ('acctpw_2', 'ampw_1', ${name}, ${hash})`;
const principal = (user: string | null, group: string | null) =>
  sql`insert into role_principals (role_id, user_id, group_id) values ('r_1', ${user}, ${group})`;
const grantScope = (special: string | null, scope: string | null) =>
  sql`insert into role_grant_scopes (role_id, special, scope_id) values ('r_1', ${special}, ${scope})`;
const scope = (id: string, type: string, parent: string | null) => sql`
  insert into scopes (id, type, scope_id, created_time, updated_time) values (${id}, ${type}, ${parent}, ${times})`;

test.each<[string, RawBuilder<unknown>]>([
  ['scope_id_tells_its_type', scope('x_1', 'x', 'global')],
  ['scope_parent_has_the_level_above', scope('p_9', 'project', 'global')],
  ['scope_parent_has_the_level_above', scope('o_9', 'org', 'o_1')],
  ['only_global_has_no_parent', scope('o_9', 'org', null)],
  ['scope_id_tells_its_type', scope('p_9', 'org', 'global')],
  ['scope_name_is_unique_in_its_parent', sql`update scopes set name = 'same' where scope_id = 'global'`],
  ['global_scope_stays', sql`delete from scopes where id = 'global'`],
  ['primary_auth_method_is_of_the_scope', sql`update scopes set primary_auth_method_id = 'ampw_2' where id = 'o_1'`],
  ['fixed_after_creation', sql`update scopes set scope_id = 'o_2' where id = 'p_1'`],
  ['name_is_trimmed_and_bounded', named('groups', 'g_9', 'o_1', ' x')],
  ['name_is_trimmed_and_bounded', named('groups', 'g_9', 'o_1', 'x'.repeat(513))],
  ['description_is_bounded', sql`update groups set description = '' where id = 'g_1'`],
  ['version_is_positive', sql`update groups set version = 0 where id = 'g_1'`],
  ['auth_method_type_is_known', method('x', 'o_1')],
  ['auth_method_scope_is_global_or_org', method('password', 'p_1')],
  ['auth_method_name_is_unique_in_its_scope', method('password', 'o_1', 'am')],
  ['fixed_after_creation', sql`update auth_methods set type = 'ldap' where id = 'ampw_1'`],
  ['min_login_name_length_is_positive', sql`update password_auth_methods set min_login_name_length = 0`],
  ['min_password_length_is_positive', sql`update password_auth_methods set min_password_length = 0`],
  ['subtype_is_password', sql`update password_auth_methods set type = 'ldap'`],
  ['user_name_is_unique_in_its_scope', named('users', 'u_9', 'o_1', 'u')],
  ['user_scope_is_global_or_org', named('users', 'u_9', 'p_1', null)],
  ['builtin_users_stay', sql`delete from users where id = 'u_anon'`],
  ['fixed_after_creation', sql`update users set scope_id = 'global' where id = 'u_1'`],
  ['account_name_is_unique_in_its_auth_method', account('ampw_1', 'o_1', null, 'a')],
  ['user_has_one_account_per_auth_method', account('ampw_1', 'o_1', 'u_1')],
  ['account_and_user_share_a_scope', account('ampw_1', 'o_1', 'u_2')],
  ...['u_anon', 'u_auth', 'u_recovery'].map((user): [string, RawBuilder<unknown>] => [
    'built_in_users_have_no_accounts',
    account('ampw_1', 'o_1', user),
  ]),
  ...['u_anon', 'u_auth', 'u_recovery'].map((user): [string, RawBuilder<unknown>] => [
    'built_in_users_have_no_tokens',
    token(user, LATER),
  ]),
  ['accounts_auth_method_id_scope_id_fkey', account('ampw_1', 'o_2', null)],
  ['login_name_is_lower_case', login('Two')],
  ['login_name_is_unique_in_its_auth_method', login('one')],
  ['password_is_hashed', login('two', 'plain')],
  ['group_name_is_unique_in_its_scope', named('groups', 'g_9', 'p_1', 'g')],
  ['group_member_is_there_once', sql`insert into group_members values ('g_1', 'u_1')`],
  ['recovery_user_is_in_no_group', sql`insert into group_members values ('g_1', 'u_recovery')`],
  ['role_name_is_unique_in_its_scope', named('roles', 'r_9', 'o_1', 'r')],
  ['role_principal_is_there_once', principal('u_1', null)],
  ['role_principal_is_one_thing', principal('u_2', 'g_1')],
  ['recovery_user_has_no_role', principal('u_recovery', null)],
  ['role_grant_is_there_once', sql`insert into role_grants (role_id, canonical, raw) values ('r_1', 'x', 'y')`],
  ['grant_is_bounded', sql`insert into role_grants (role_id, canonical, raw) values ('r_1', '', 'y')`],
  ['raw_grant_is_bounded', sql`insert into role_grants (role_id, canonical, raw) values ('r_1', 'y', '')`],
  ['grant_scope_word_is_known', grantScope('everywhere', null)],
  ['grant_scope_is_a_word_or_a_scope', grantScope('this', 'p_1')],
  ['role_grant_scope_is_there_once', grantScope('this', null)],
  ['role_reaches_children_or_descendants', grantScope('descendants', null)],
])('%s', async (constraint, statement) => {
  expect(await broken(statement)).toBe(constraint);
});

test('a token expires after its creation', async () => {
  const key = sql`insert into kms_root_keys values ('krk_1', 'o_1', ${NOW})`;
  const statement = token('u_1', NOW);
  expect(await broken(key)).toBe('nothing');
  expect(await broken(statement)).toBe('token_expires_after_its_creation');
});

test('deleting the primary auth method clears the choice; deleting a scope takes everything in it', async () => {
  expect(await broken(sql`update scopes set primary_auth_method_id = 'ampw_3' where id = 'o_1'`)).toBe('nothing');
  expect(await broken(sql`delete from auth_methods where id = 'ampw_3'`)).toBe('nothing');
  const { rows } = await sql<{ primary_auth_method_id: string | null }>`
    select primary_auth_method_id from scopes where id = 'o_1'`.execute(db.executor);
  expect(rows).toEqual([{ primary_auth_method_id: null }]);
  expect(await broken(sql`delete from scopes where id = 'o_1'`)).toBe('nothing');
  const left = await sql`
    select id from auth_methods union select id from accounts union select id from groups union select id from roles
    order by 1`.execute(db.executor);
  expect(left.rows).toEqual([{ id: 'ampw_2' }]);
  const gone = await sql`
    select resource_type, id from tombstones where deleted_time = ${LATER} and id in ('o_1', 'p_1', 'u_1', 'r_1')
    order by 2`.execute(db.executor);
  expect(gone.rows).toEqual([
    { resource_type: 'scope', id: 'o_1' },
    { resource_type: 'scope', id: 'p_1' },
    { resource_type: 'role', id: 'r_1' },
    { resource_type: 'user', id: 'u_1' },
  ]);
});
