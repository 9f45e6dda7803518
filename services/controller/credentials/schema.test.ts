/** Each rule of the schema about credentials, broken once. */
import { changed, databaseError, sql, transaction, type RawBuilder } from '../db/db';
import { brokerCredential } from '../init/credentials';
import { createWorld, NOW, PROJECT, TARGET, type World } from '../sessions/sessions.fixture';

const STORE = 'csst_0000000001';
const VAULT = 'csvlt_0000000001';
const CREDENTIAL = 'credup_0000000001';
const LIBRARY = 'clvlt_0000000001';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  const planned = { storeId: STORE, id: CREDENTIAL, username: 'u', password: 'p' };
  await transaction(world.db, NOW, (tx) => brokerCredential(tx, world.kms, PROJECT, TARGET, planned, NOW));
  await run(newStore(VAULT, PROJECT, 'vault'));
  await run(newVaultStore({}));
  await run(newLibrary(LIBRARY, VAULT, {}));
});
afterAll(() => world.close());

const run = (statement: RawBuilder<unknown>) => transaction(world.db, NOW, (tx) => changed(tx, statement));

/** Name of the constraint that the statement breaks. */
async function broken(statement: RawBuilder<unknown>): Promise<string | undefined> {
  try {
    await run(statement);
    return 'nothing';
  } catch (error) {
    return databaseError(error)?.constraint;
  }
}

const newStore = (id: string, scope: string, type: string, name: string | null = null) => sql`
  insert into credential_stores (id, scope_id, type, name, hmac_key, key_id, created_time, updated_time)
  select ${id}, ${scope}, ${type}, ${name}, hmac_key, key_id, ${NOW}, ${NOW} from credential_stores where id = ${STORE}`;

const newVaultStore = (columns: Record<string, unknown>, id = VAULT) => {
  const all = { id, address: 'http://v', token: Buffer.from('t'), token_hmac: 'h', ...columns };
  const names = sql.join(Object.keys(all).map((name) => sql.ref(name)));
  return sql`insert into vault_credential_stores (${names}, key_id, token_place)
    select ${sql.join(Object.values(all).map(typed))}, key_id, '{}' from credential_stores where id = ${STORE}`;
};

/** Parameters of a select list need their type. */
const typed = (value: unknown) =>
  Buffer.isBuffer(value) ? sql`${value}::bytea` : typeof value === 'string' ? sql`${value}::text` : sql`${value}`;

const newLibrary = (id: string, store: string, columns: Record<string, unknown>) => {
  const all = {
    ...{ id, credential_store_id: store, scope_id: PROJECT, type: 'vault-generic', attributes: '{"path":"x"}' },
    ...{ created_time: NOW, updated_time: NOW, ...columns },
  };
  const names = sql.join(Object.keys(all).map((name) => sql.ref(name)));
  return sql`insert into credential_libraries (${names}) values (${sql.join(Object.values(all))})`;
};

const newCredential = (columns: Record<string, unknown>) => {
  const all = {
    ...{ id: 'credp_0000000009', credential_store_id: STORE, scope_id: PROJECT, type: 'password', password_hmac: 'h' },
    ...columns,
  };
  const names = sql.join(Object.keys(all).map((name) => sql.ref(name)));
  return sql`insert into credentials (${names}, secret, key_id, created_time, updated_time)
    select ${sql.join(Object.values(all).map(typed))}, secret, key_id, created_time, updated_time
    from credentials where id = ${CREDENTIAL}`;
};

const change = (table: string, id: string, columns: RawBuilder<unknown>) =>
  sql`update ${sql.ref(table)} set ${columns} where id = ${id}`;
const newSource = (columns: RawBuilder<unknown>, values: RawBuilder<unknown>) =>
  sql`insert into target_credential_sources (target_id, scope_id, purpose, ${columns})
      values (${TARGET}, ${PROJECT}, ${values})`;

const RULES: [string, () => RawBuilder<unknown>][] = [
  ['credential_store_type_is_known', () => newStore('csst_0000000009', PROJECT, 'nope')],
  ['credential_store_is_in_a_project', () => newStore('csst_0000000009', 'o_1234567890', 'static')],
  ['credential_store_name_is_bounded', () => newStore('csst_0000000009', PROJECT, 'static', 'x'.repeat(128))],
  ['credential_store_name_is_bounded', () => newStore('csst_0000000009', PROJECT, 'static', ' x')],
  ['credential_store_description_is_bounded', () => change('credential_stores', STORE, sql`description = ''`)],
  ['fixed_after_creation', () => change('credential_stores', STORE, sql`type = 'vault'`)],
  ['vault_store_is_a_store', () => newVaultStore({}, STORE)],
  ['vault_address_is_a_url', () => change('vault_credential_stores', VAULT, sql`address = 'ftp://x'`)],
  ['vault_token_status_is_known', () => change('vault_credential_stores', VAULT, sql`token_status = 'x'`)],
  [
    'client_certificate_comes_with_its_key',
    () => change('vault_credential_stores', VAULT, sql`client_certificate = 'x'`),
  ],
  ['credential_library_is_in_a_vault_store', () => newLibrary('clvlt_0000000009', STORE, {})],
  ['credential_library_type_is_known', () => newLibrary('clvlt_0000000009', VAULT, { type: 'nope' })],
  ['credential_type_is_known', () => newLibrary('clvlt_0000000009', VAULT, { credential_type: 'nope' })],
  ['vault_path_is_there', () => newLibrary('clvlt_0000000009', VAULT, { attributes: '{"path":""}' })],
  ['request_body_has_a_key', () => newLibrary('clvlt_0000000009', VAULT, { http_request_body: Buffer.from('x') })],
  ['credential_library_name_is_bounded', () => newLibrary('clvlt_0000000009', VAULT, { name: '' })],
  ['credential_library_description_is_bounded', () => newLibrary('clvlt_0000000009', VAULT, { description: '' })],
  ['fixed_after_creation', () => change('credential_libraries', LIBRARY, sql`credential_type = 'password'`)],
  ['credential_is_in_a_static_store', () => newCredential({ credential_store_id: VAULT })],
  ['credential_type_is_known', () => newCredential({ type: 'nope', password_hmac: null })],
  ['credential_name_is_bounded', () => newCredential({ name: '' })],
  ['credential_description_is_bounded', () => newCredential({ description: '' })],
  ['credential_has_the_fields_of_its_type', () => newCredential({ username: 'u' })],
  ['credential_has_the_fields_of_its_type', () => newCredential({ type: 'json' })],
  ['credential_has_the_fields_of_its_type', () => change('credentials', CREDENTIAL, sql`password_hmac = null`)],
  ['fixed_after_creation', () => change('credentials', CREDENTIAL, sql`type = 'password'`)],
  ['credential_purpose_is_known', () => newSource(sql`credential_library_id`, sql`'injected', ${LIBRARY}`)],
  ['credential_source_is_there_once', () => newSource(sql`credential_id`, sql`'brokered', ${CREDENTIAL}`)],
  [
    'credential_source_is_one_thing',
    () => newSource(sql`credential_library_id, credential_id`, sql`'brokered', ${LIBRARY}, ${CREDENTIAL}`),
  ],
  [
    'credential_source_credential_is_of_the_project',
    () => newSource(sql`credential_id`, sql`'brokered', 'credup_AAAAAAAAAA'`),
  ],
  [
    'credential_source_library_is_of_the_project',
    () => newSource(sql`credential_library_id`, sql`'brokered', 'clvlt_AAAAAAAAAA'`),
  ],
];

test.each(RULES)('%s', async (rule, statement) => {
  expect(await broken(statement())).toBe(rule);
});

test('names are unique among those of a type', async () => {
  await run(newStore('csst_0000000007', PROJECT, 'static', 'same'));
  expect(await broken(newStore('csst_0000000008', PROJECT, 'static', 'same'))).toBe(
    'credential_store_name_is_unique_in_its_scope',
  );
  await run(newStore('csvlt_0000000008', PROJECT, 'vault', 'same'));
  await run(newLibrary('clvlt_0000000007', VAULT, { name: 'same' }));
  expect(await broken(newLibrary('clvlt_0000000008', VAULT, { name: 'same' }))).toBe(
    'credential_library_name_is_unique_in_its_store',
  );
  await run(newLibrary('clvllt_0000000008', VAULT, { name: 'same', type: 'vault-ldap' }));
  await run(newCredential({ id: 'credp_0000000007', name: 'same' }));
  expect(await broken(newCredential({ id: 'credp_0000000008', name: 'same' }))).toBe(
    'credential_name_is_unique_in_its_store',
  );
});
