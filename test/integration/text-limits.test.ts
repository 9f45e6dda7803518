/** Texts of requests have their longest, and the refusal of a longer one names the field. */
import { fieldsOf, DEV } from '../harness/controller';
import { credentialOf, ldapMethod, oidcMethod, startWorld, vaultStoreOf, type World } from '../golden/statements.world';

let world: World;
beforeAll(async () => {
  world = await startWorld(2);
}, 120_000);
afterAll(() => world.close());

const x = (length: number): string => 'x'.repeat(length);
const list = (length: number, text = 'a'): string[] => Array<string>(length).fill(text);
const password = { auth_method_id: DEV.authMethod, type: 'password' };

/** A request for an auth method with one attribute that goes too far. */
function method(made: { attributes: object }, name: string, value: unknown, longest: RegExp): Case {
  const item = () => ({ ...made, attributes: { ...made.attributes, [name]: value } });
  return ['AuthMethod', item, `attributes.${name}`, longest];
}

const LDAP_TEXTS = ['upn_domain', 'user_dn', 'user_attr', 'user_filter', 'group_dn', 'group_attr', 'group_filter'];
const LDAP_LISTS = ['urls', 'certificates', 'account_attribute_maps'];
const OIDC_LISTS = [
  ...['signing_algorithms', 'idp_ca_certs', 'allowed_audiences', 'claims_scopes', 'account_claim_maps', 'prompts'],
];
const TEXT = /at most 4096 characters/;
const ELEMENTS = /at most 100 elements/;
const PEM = /at most 65536 characters/;
const bound = { ...ldapMethod(), attributes: { ...ldapMethod().attributes, bind_dn: 'cn=a', bind_password: 'p' } };

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
  ...LDAP_TEXTS.map((name) => method(ldapMethod(), name, x(4_097), TEXT)),
  ...['bind_dn', 'bind_password'].map((name) => method(bound, name, x(4_097), TEXT)),
  ...LDAP_LISTS.map((name) => method(ldapMethod(), name, list(101), ELEMENTS)),
  ...['urls', 'account_attribute_maps'].map((name) => method(ldapMethod(), name, [x(4_097)], TEXT)),
  method(ldapMethod(), 'certificates', [x(65_537)], PEM),
  ...OIDC_LISTS.map((name) => method(oidcMethod(), name, list(101), ELEMENTS)),
  ...['allowed_audiences', 'claims_scopes'].map((name) => method(oidcMethod(), name, [x(4_097)], TEXT)),
  method(oidcMethod(), 'idp_ca_certs', [x(65_537)], PEM),
  ...['client_id', 'client_secret'].map((name) => method(oidcMethod(), name, x(4_097), TEXT)),
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
  ['AuthMethod', `attributes.${x(89)}`, () => ({ ...ldapMethod(), attributes: { [x(500)]: x(600_000) } })],
  ['Group', 'description', () => ({ scope_id: 'global', description: x(600_000) })],
])('a field has so many bytes at most: %s', async (noun, field, item) => {
  const refused = await world.controller.admin.refusal(`${noun}Service/Create${noun}`, { item: item() });
  expect(refused.status).toBe(400);
  expect(fieldsOf(refused)).toEqual({ [field]: 'This field has at most 524288 bytes.' });
});

test('what has all its longest texts is made', async () => {
  const texts = Object.fromEntries(LDAP_TEXTS.map((name) => [name, x(4_096)]));
  const attributes = { ...texts, urls: list(100, 'ldap://ldap.example.org') };
  expect((await world.create('AuthMethod', { ...ldapMethod(), attributes })).id).toMatch(/^amldap_/);
});

test('an LDAP auth method is still made', async () => {
  expect((await world.create('AuthMethod', ldapMethod())).id).toMatch(/^amldap_/);
});
