/** Texts of requests have their longest, and the refusal of a longer one names the field. */
import { fieldsOf, DEV } from '../harness/controller';
import { credentialOf, ldapMethod, oidcMethod, startWorld, vaultStoreOf, type World } from '../golden/statements.world';

let world: World;
beforeAll(async () => {
  world = await startWorld(2);
}, 120_000);
afterAll(() => world.close());

const x = (length: number): string => 'x'.repeat(length);
const password = { auth_method_id: DEV.authMethod, type: 'password' };

type Case = [method: string, item: () => object, field: string, message: RegExp];
const CASES: Case[] = [
  ['Group', () => ({ scope_id: 'global', name: x(513) }), 'name', /512 characters/],
  ['Group', () => ({ scope_id: 'global', description: x(131_073) }), 'description', /131072 characters/],
  ['Credential', () => ({ ...credentialOf(world.seeds.staticStore), name: x(128) }), 'name', /127 characters/],
  [
    'Credential',
    () => ({ ...credentialOf(world.seeds.staticStore), description: x(1_024) }),
    'description',
    /1023 characters/,
  ],
  [
    'Host',
    () => ({ host_catalog_id: DEV.hostCatalog, type: 'static', attributes: { address: x(256) } }),
    'attributes.address',
    /255 characters/,
  ],
  ['Account', () => ({ ...password, attributes: { login_name: x(513) } }), 'attributes.login_name', /512 characters/],
  [
    'Account',
    () => ({ auth_method_id: world.seeds.ldap, type: 'ldap', attributes: { login_name: x(513) } }),
    'attributes.login_name',
    /512 characters/,
  ],
  [
    'Account',
    () => ({ auth_method_id: world.seeds.oidc, type: 'oidc', attributes: { subject: x(256) } }),
    'attributes.subject',
    /255 characters/,
  ],
  [
    'AuthMethod',
    () => ({
      ...oidcMethod(),
      attributes: { ...oidcMethod().attributes, issuer: `https://a.example.org/${x(4_000)}` },
    }),
    'attributes.issuer',
    /less than 4000 characters/,
  ],
  [
    'ManagedGroup',
    () => ({
      auth_method_id: world.seeds.ldap,
      type: 'ldap',
      attributes: { group_names: Array.from({ length: 1_001 }, (_, i) => `g${i}`) },
    }),
    'attributes.group_names',
    /1000 names/,
  ],
  [
    'ManagedGroup',
    () => ({ auth_method_id: world.seeds.ldap, type: 'ldap', attributes: { group_names: [x(1_025)] } }),
    'attributes.group_names',
    /1024 characters/,
  ],
  [
    'CredentialStore',
    () => {
      const store = vaultStoreOf(world);
      return { ...store, attributes: { ...store.attributes, address: `${store.attributes.address}/${x(3_999)}` } };
    },
    'attributes.address',
    /./,
  ],
  [
    'CredentialStore',
    () => {
      const store = vaultStoreOf(world);
      return { ...store, attributes: { ...store.attributes, ca_cert: x(65_537) } };
    },
    'attributes.ca_cert',
    /65536 characters/,
  ],
];

test.each(CASES)('every text has its longest: %s %#', async (noun, item, field, message) => {
  const method = `${noun}Service/Create${noun}`;
  const refused = await world.controller.admin.refusal(method, { item: item() });
  expect(refused.status).toBe(400);
  expect(fieldsOf(refused)).toEqual({ [field]: expect.stringMatching(message) as string });
});

test.each<[noun: string, field: string, item: () => object]>([
  [
    'Credential',
    'attributes.object',
    () => ({
      credential_store_id: world.seeds.staticStore,
      type: 'json',
      attributes: { object: { a: 'é'.repeat(200_000), b: ['é'.repeat(70_000)] } },
    }),
  ],
  [
    'ManagedGroup',
    'attributes.group_names',
    () => ({
      auth_method_id: world.seeds.ldap,
      type: 'ldap',
      attributes: { group_names: Array<string>(600).fill(x(1_000)) },
    }),
  ],
  ['Group', 'description', () => ({ scope_id: 'global', description: x(600_000) })],
])('a field has so many bytes at most: %s', async (noun, field, item) => {
  const refused = await world.controller.admin.refusal(`${noun}Service/Create${noun}`, { item: item() });
  expect(refused.status).toBe(400);
  expect(fieldsOf(refused)).toEqual({ [field]: 'This field has at most 524288 bytes.' });
});

test('an LDAP auth method is still made', async () => {
  expect((await world.create('AuthMethod', ldapMethod())).id).toMatch(/^amldap_/);
});
