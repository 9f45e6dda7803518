/**
 * Each rule of the schema of OIDC and LDAP auth methods, their accounts and managed groups, broken
 * once.
 */
import { createLogger } from '../../lib/log/log';
import { databaseError, openDb, sql, transaction, type Db, type RawBuilder } from '../../services/controller/db/db';
import { createTestDatabase, type TestDatabase } from '../harness/postgres';

const NOW = new Date('2030-01-02T03:04:05Z');
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
const URL = 'https://x.example.org';
const method = (id: string, type: string) => sql`
  insert into auth_methods (id, scope_id, type, created_time, updated_time) values (${id}, 'global', ${type}, ${times})`;
const account = (id: string, methodId: string, type: string) => sql`
  insert into accounts (id, auth_method_id, scope_id, type, created_time, updated_time)
  values (${id}, ${methodId}, 'global', ${type}, ${times})`;
const group = (id: string, methodId: string, type: string, filter: string | null, names: string[] | null) => sql`
  insert into managed_groups (id, auth_method_id, scope_id, type, name, filter, group_names, created_time, updated_time)
  values (${id}, ${methodId}, 'global', ${type}, ${id.slice(-1)}, ${filter}, ${names}, ${times})`;

const WORLD = [
  sql`insert into kms_root_keys (id, scope_id, created_time) values ('krk_1', 'global', ${NOW})`,
  sql`insert into kms_root_key_versions (id, root_key_id, version, wrapped_key, wrapping_key_id, created_time)
      values ('krkv_1', 'krk_1', 1, '', 'x', ${NOW})`,
  sql`insert into kms_data_keys (id, root_key_id, purpose, created_time) values ('kdk_1', 'krk_1', 'database', ${NOW})`,
  sql`insert into kms_data_key_versions (id, data_key_id, root_key_version_id, version, wrapped_key, created_time)
      values ('kdkv_1', 'kdk_1', 'krkv_1', 1, '', ${NOW})`,
  method('amoidc_1', 'oidc'),
  method('amldap_1', 'ldap'),
  method('amldap_2', 'ldap'),
  sql`insert into oidc_auth_methods (id, client_id, client_secret, client_secret_key_id, client_secret_hmac,
        client_secret_place, api_url_prefix)
      values ('amoidc_1', 'c', '', 'kdkv_1', 'h', '{}', ${URL})`,
  sql`insert into ldap_auth_methods (id, urls) values ('amldap_1', array['ldap://x'])`,
  account('acctoidc_1', 'amoidc_1', 'oidc'),
  account('acctoidc_2', 'amoidc_1', 'oidc'),
  account('acctldap_1', 'amldap_1', 'ldap'),
  account('acctldap_2', 'amldap_1', 'ldap'),
  sql`insert into oidc_accounts (id, auth_method_id, issuer, subject) values ('acctoidc_1', 'amoidc_1', ${URL}, 's')`,
  sql`insert into ldap_accounts (id, auth_method_id, login_name) values ('acctldap_1', 'amldap_1', 'ann')`,
  group('mgoidc_1', 'amoidc_1', 'oidc', 'f', null),
  group('mgldap_1', 'amldap_1', 'ldap', null, ['a']),
  sql`insert into roles (id, scope_id, created_time, updated_time) values ('r_1', 'global', ${times})`,
  sql`insert into groups (id, scope_id, created_time, updated_time) values ('g_1', 'global', ${times})`,
];

/** Runs a statement in a transaction of its own and answers the constraint that it broke. */
async function broken(statement: RawBuilder<unknown>): Promise<string | undefined> {
  try {
    await transaction(db, NOW, (tx) => statement.execute(tx));
    return 'nothing';
  } catch (error) {
    return databaseError(error)?.constraint ?? String(error);
  }
}

const oidc = (change: string) => sql`update oidc_auth_methods set ${sql.raw(change)}`;
const ldap = (change: string) => sql`update ldap_auth_methods set ${sql.raw(change)}`;
const lists = [
  'signing_algorithms',
  'idp_ca_certs',
  'allowed_audiences',
  'claims_scopes',
  'account_claim_maps',
  'prompts',
];
const person = (change: string) => sql`update oidc_accounts set ${sql.raw(change)}`;
const entry = (change: string) => sql`update ldap_accounts set ${sql.raw(change)}`;

test.each<[string, RawBuilder<unknown>]>([
  ['subtype_is_oidc', oidc("type = 'ldap'")],
  ['auth_method_state_is_known', oidc("state = 'on', issuer = 'https://x', signing_algorithms = array['x']")],
  ['active_oidc_method_is_complete', oidc("state = 'active-public'")],
  ['active_oidc_method_is_complete', oidc("state = 'active-private', issuer = 'https://x'")],
  ['issuer_is_a_url', oidc("issuer = 'ftp://x'")],
  ['client_id_is_bounded', oidc("client_id = ''")],
  ['api_url_prefix_is_a_url', oidc("api_url_prefix = 'x'")],
  ['max_age_is_not_negative', oidc('max_age = -1')],
  ...lists.map((list): [string, RawBuilder<unknown>] => [`${list}_are_texts`, oidc(`${list} = array['x', '']`)]),
  ['prompts_are_texts', oidc("prompts = array['x', null]")],
  ['subtype_is_ldap', ldap("type = 'oidc'")],
  ['auth_method_state_is_known', ldap("state = 'on'")],
  ['ldap_method_has_a_url', ldap("urls = '{}'")],
  ['certificates_are_texts', ldap("certificates = array['']")],
  ['account_attribute_maps_are_texts', ldap("account_attribute_maps = array['']")],
  ['maximum_page_size_is_not_negative', ldap('maximum_page_size = -1')],
  ['dereference_aliases_is_known', ldap("dereference_aliases = 'x'")],
  ['client_certificate_has_its_key', ldap("client_certificate = 'x'")],
  ['bind_dn_has_its_password', ldap("bind_dn = 'x'")],
  ['bind_dn_has_its_password', ldap("bind_password = '', bind_password_key_id = 'kdkv_1', bind_password_hmac = 'h'")],
  ['subtype_is_oidc', person("type = 'ldap'")],
  ['issuer_is_a_url', person("issuer = 'x'")],
  ['subject_is_bounded', person("subject = ''")],
  ['full_name_is_bounded', person("full_name = repeat('x', 513)")],
  ['email_is_bounded', person("email = repeat('x', 320)")],
  [
    'subject_is_unique_for_its_issuer',
    sql`insert into oidc_accounts (id, auth_method_id, issuer, subject) values ('acctoidc_2', 'amoidc_1', ${URL}, 's')`,
  ],
  ['subtype_is_ldap', entry("type = 'oidc'")],
  ['ldap_login_name_is_lower_case', entry("login_name = 'Ann'")],
  ['full_name_is_bounded', entry("full_name = ''")],
  ['email_is_bounded', entry("email = ''")],
  ['member_of_groups_are_texts', entry("member_of_groups = array['']")],
  [
    'ldap_login_name_is_unique_in_its_auth_method',
    sql`insert into ldap_accounts (id, auth_method_id, login_name) values ('acctldap_2', 'amldap_1', 'ann')`,
  ],
  ['managed_group_type_is_known', group('mgldap_9', 'amldap_1', 'password', null, null)],
  ['managed_group_has_the_rule_of_its_type', group('mgldap_9', 'amldap_1', 'ldap', 'x', null)],
  ['managed_group_has_the_rule_of_its_type', group('mgldap_9', 'amldap_1', 'ldap', 'x', ['x'])],
  ['group_names_are_texts', group('mgldap_9', 'amldap_1', 'ldap', null, [])],
  ['filter_is_bounded', group('mgoidc_9', 'amoidc_1', 'oidc', '', null)],
  ['managed_group_name_is_unique_in_its_auth_method', group('mgldap_x1', 'amldap_1', 'ldap', null, ['x'])],
  ['managed_groups_auth_method_id_type_fkey', group('mgldap_9', 'amoidc_1', 'ldap', null, ['x'])],
  ['fixed_after_creation', sql`update managed_groups set auth_method_id = 'amldap_2' where id = 'mgldap_1'`],
  [
    'managed_group_member_is_there_once',
    sql`insert into managed_group_members values ('mgoidc_1', 'acctoidc_1', 'amoidc_1'), ('mgoidc_1', 'acctoidc_1', 'amoidc_1')`,
  ],
  [
    'managed_group_members_managed_group_id_auth_method_id_fkey',
    sql`insert into managed_group_members values ('mgoidc_1', 'acctldap_1', 'amldap_1')`,
  ],
  [
    'role_principal_is_one_thing',
    sql`insert into role_principals (role_id, group_id, managed_group_id) values ('r_1', 'g_1', 'mgldap_1')`,
  ],
])('%s', async (constraint, statement) => {
  expect(await broken(statement)).toBe(constraint);
});

test('members of LDAP groups follow both sides; deleting takes memberships and principals along', async () => {
  const members = async (): Promise<unknown> =>
    (await sql`select managed_group_id, account_id from managed_group_members`.execute(db.executor)).rows;
  const both = [{ managed_group_id: 'mgldap_1', account_id: 'acctldap_1' }];
  expect(await broken(entry("member_of_groups = array['b', 'a']"))).toBe('nothing');
  expect(await members()).toEqual(both);
  const rename = (names: string) =>
    sql`update managed_groups set group_names = ${sql.raw(names)} where id = 'mgldap_1'`;
  expect(await broken(rename("array['c']"))).toBe('nothing');
  expect(await members()).toEqual([]);
  expect(await broken(rename("array['c', 'b']"))).toBe('nothing');
  expect(await members()).toEqual(both);
  expect(await broken(group('mgldap_2', 'amldap_1', 'ldap', null, ['a']))).toBe('nothing');
  expect(await members()).toHaveLength(2);
  const held = sql`insert into role_principals (role_id, managed_group_id) values ('r_1', 'mgldap_1'), ('r_1', 'mgldap_2')`;
  expect(await broken(held)).toBe('nothing');
  expect(await broken(sql`delete from managed_groups where id = 'mgldap_1'`)).toBe('nothing');
  const principals = await sql`select principal_id from role_principals`.execute(db.executor);
  expect(principals.rows).toEqual([{ principal_id: 'mgldap_2' }]);
  expect(await broken(sql`delete from auth_methods where id = 'amldap_1'`)).toBe('nothing');
  expect(await members()).toEqual([]);
});
