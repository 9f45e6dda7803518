/**
 * Every noun of the API with a version, as data: what tests of all nouns create, change and clear.
 */
import { DEV } from '../harness/controller';
import type { Door } from '../harness/doors';
import type { VaultServer } from '../harness/vault';

/** What the rows refer to, made once. Two of what lists hold. */
export interface World {
  users: string[];
  /**
   * Four: the first two, as the last two, are of different auth methods. No user has two of one.
   */
  accounts: string[];
  /** In the organization of dev mode. */
  projects: string[];
  hosts: string[];
  hostSets: string[];
  credentials: string[];
  catalog: string;
  store: string;
  vaultStore: string;
  /** Address of a Vault that takes any token. */
  vault: string;
  ldap: string;
  oidc: string;
  target: string;
}

/** Actions that add to a list, replace it and remove from it. */
export interface ListEdit {
  /** `Members` of `AddGroupMembers`. */
  what: string;
  field: string;
  /**
   * Two values that the item of that index does not have at first; two items of a noun may share
   * them or not.
   */
  values(world: World, index: number): string[];
  /** The field's form of these values, a list when absent. */
  pack?(values: string[]): unknown;
  /** Those of the item; its field when absent. */
  shown?(item: any): string[];
}

export interface Noun {
  /** `HostSet` of `CreateHostSet`. */
  noun: string;
  /** What tells rows of one noun apart. */
  variant?: string;
  /** `Create${noun}` when absent. */
  create?: string;
  /** `${noun}s` when absent. */
  plural?: string;
  /** Request of the list that shows it. */
  list(world: World): Record<string, unknown>;
  /** Item of a create; `name` is added. `n` makes what must be unique. */
  item(world: World, n: number): Record<string, unknown>;
  /** Changes of an update besides the description. */
  update?: Record<string, unknown>;
  /** Fields that null clears besides name and description. */
  cleared?: string[];
  /** The name cannot be cleared. */
  named?: boolean;
  edits?: ListEdit[];
}

const inProject = () => ({ scope_id: DEV.project });
const inOrg = () => ({ scope_id: DEV.org });
const inGlobal = () => ({ scope_id: 'global' });
const inCatalog = ({ catalog }: World) => ({ host_catalog_id: catalog });
const inStore = ({ store }: World) => ({ credential_store_id: store });
const inMethod = () => ({ auth_method_id: DEV.authMethod });

const OIDC = {
  issuer: 'https://idp.example.org',
  client_id: 'client',
  client_secret: 'secret',
  api_url_prefix: 'https://api.example.org',
  signing_algorithms: ['RS256'],
};
const SSH_KEY = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACBynYNfQUh51dnSEAQlSuMgIz7Tmq71Hx9QHJfSdSxaQwAAAIhPfiuPT34r
jwAAAAtzc2gtZWQyNTUxOQAAACBynYNfQUh51dnSEAQlSuMgIz7Tmq71Hx9QHJfSdSxaQw
AAAEDnWfshFDSLEkpSmcPMZt4PhuAHORcrAwrRxhQsfk8ouXKdg19BSHnV2dIQBCVK4yAj
PtOarvUfH1Acl9J1LFpDAAAAAAECAwQF
-----END OPENSSH PRIVATE KEY-----
`;

export const NOUNS: Noun[] = [
  { noun: 'Scope', variant: 'org', list: inGlobal, item: inGlobal },
  { noun: 'Scope', variant: 'project', list: inOrg, item: inOrg },
  {
    noun: 'AuthMethod',
    variant: 'password',
    list: inOrg,
    item: () => ({ ...inOrg(), type: 'password' }),
    update: { attributes: { min_login_name_length: 5 } },
    cleared: ['attributes.min_login_name_length'],
  },
  {
    noun: 'AuthMethod',
    variant: 'oidc',
    list: inOrg,
    item: () => ({ ...inOrg(), type: 'oidc', attributes: OIDC }),
    update: { attributes: { client_id: 'another', max_age: 60 } },
    cleared: ['attributes.max_age'],
  },
  {
    noun: 'AuthMethod',
    variant: 'ldap',
    list: inOrg,
    item: () => ({ ...inOrg(), type: 'ldap', attributes: { urls: ['ldaps://ldap.example.org'] } }),
    update: { attributes: { user_dn: 'ou=people', start_tls: true } },
    cleared: ['attributes.user_dn'],
  },
  {
    noun: 'Account',
    variant: 'password',
    list: inMethod,
    item: (_, n) => ({ ...inMethod(), type: 'password', attributes: { login_name: `login${n}` } }),
  },
  {
    noun: 'Account',
    variant: 'oidc',
    list: ({ oidc }) => ({ auth_method_id: oidc }),
    item: ({ oidc }, n) => ({ auth_method_id: oidc, type: 'oidc', attributes: { subject: `s${n}` } }),
  },
  {
    noun: 'ManagedGroup',
    list: ({ ldap }) => ({ auth_method_id: ldap }),
    item: ({ ldap }) => ({ auth_method_id: ldap, type: 'ldap', attributes: { group_names: ['admins'] } }),
    update: { attributes: { group_names: ['operators'] } },
  },
  {
    noun: 'User',
    list: inGlobal,
    item: inGlobal,
    edits: [{ what: 'Accounts', field: 'account_ids', values: ({ accounts }, i) => accounts.slice(2 * i, 2 * i + 2) }],
  },
  {
    noun: 'Group',
    list: inOrg,
    item: inOrg,
    edits: [{ what: 'Members', field: 'member_ids', values: ({ users }) => users }],
  },
  {
    noun: 'Role',
    list: inOrg,
    item: inOrg,
    edits: [
      {
        what: 'Principals',
        field: 'principal_ids',
        values: ({ users }) => users,
        shown: (role) => (role.principals ?? []).map((one: { id: string }) => one.id),
      },
      {
        what: 'Grants',
        field: 'grant_strings',
        values: () => ['ids=*;type=target;actions=read', 'ids=*;type=group;actions=list'],
      },
      { what: 'GrantScopes', field: 'grant_scope_ids', values: ({ projects }) => projects },
    ],
  },
  { noun: 'HostCatalog', list: inProject, item: () => ({ ...inProject(), type: 'static' }) },
  {
    noun: 'Host',
    list: inCatalog,
    item: (world) => ({ ...inCatalog(world), type: 'static', attributes: { address: '10.0.0.1' } }),
    update: { attributes: { address: '10.0.0.2' } },
  },
  {
    noun: 'HostSet',
    list: inCatalog,
    item: (world) => ({ ...inCatalog(world), type: 'static' }),
    edits: [{ what: 'Hosts', field: 'host_ids', values: ({ hosts }) => hosts }],
  },
  {
    noun: 'CredentialStore',
    variant: 'static',
    list: inProject,
    item: () => ({ ...inProject(), type: 'static' }),
  },
  {
    noun: 'CredentialStore',
    variant: 'vault',
    list: inProject,
    item: ({ vault }) => ({ ...inProject(), type: 'vault', attributes: { address: vault, token: 'hvs.t' } }),
    update: { attributes: { namespace: 'ns' } },
    cleared: ['attributes.namespace'],
  },
  {
    noun: 'CredentialLibrary',
    plural: 'CredentialLibraries',
    list: ({ vaultStore }) => ({ credential_store_id: vaultStore }),
    item: ({ vaultStore }) => ({
      credential_store_id: vaultStore,
      type: 'vault-generic',
      attributes: { path: 'kv/data/x', http_method: 'POST', http_request_body: '{}' },
    }),
    update: { attributes: { path: 'kv/data/y' } },
    cleared: ['attributes.http_request_body'],
  },
  ...(
    [
      ['username_password', { username: 'u', password: 'p' }],
      ['username_password_domain', { username: 'u', password: 'p', domain: 'd' }],
      ['password', { password: 'p' }],
      ['ssh_private_key', { username: 'u', private_key: SSH_KEY }],
      ['json', { object: { a: 1, b: 'x' } }],
    ] as const
  ).map(([type, attributes]): Noun => ({
    noun: 'Credential',
    variant: type,
    list: inStore,
    item: (world) => ({ ...inStore(world), type, attributes }),
  })),
  {
    noun: 'Target',
    named: true,
    list: inProject,
    item: () => ({ ...inProject(), type: 'tcp', attributes: { default_port: 22 } }),
    update: { session_max_seconds: 60, egress_worker_filter: '"a" in "/tags/type"', attributes: { default_port: 23 } },
    cleared: ['egress_worker_filter', 'session_max_seconds'],
    edits: [
      { what: 'HostSources', field: 'host_source_ids', values: ({ hostSets }) => hostSets },
      { what: 'CredentialSources', field: 'brokered_credential_source_ids', values: (world) => world.credentials },
    ],
  },
  {
    noun: 'Alias',
    plural: 'Aliases',
    list: inGlobal,
    item: ({ target }, n) => ({ ...inGlobal(), type: 'target', value: `alias${n}.example`, destination_id: target }),
    cleared: ['destination_id'],
  },
  {
    noun: 'Worker',
    // It is how its own process is told apart.
    named: true,
    create: 'CreateControllerLed',
    list: inGlobal,
    item: inGlobal,
    edits: [
      {
        what: 'Tags',
        field: 'api_tags',
        values: () => ['zone', 'rack'],
        pack: (keys) => Object.fromEntries(keys.map((key) => [key, ['one']])),
        shown: (worker) => Object.keys(worker.api_tags ?? {}),
      },
    ],
  },
];

export const titleOf = ({ noun, variant }: Noun): string => (variant === undefined ? noun : `${noun} (${variant})`);

let made = 0;

/** Creates one with a name of its own; throws unless it is there afterwards. */
export async function create(door: Door, world: World, noun: Noun, more: object = {}): Promise<any> {
  const n = ++made;
  const item = { name: `${noun.noun.toLowerCase()}-${n}`, ...noun.item(world, n), ...more };
  return must(door, noun.create ?? `Create${noun.noun}`, { item });
}

/** The body of a call that must succeed. */
export async function must(door: Door, rpc: string, request: Record<string, unknown>): Promise<any> {
  const { status, body } = await door.call(rpc, request);
  if (status !== 200) throw new Error(`${rpc} by ${door.name}: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Makes what the rows refer to. */
export async function createWorld(door: Door, vault: VaultServer): Promise<World> {
  const id = async (rpc: string, item: Record<string, unknown>): Promise<string> =>
    (await must(door, rpc, { item })).id as string;
  const two = (make: (n: number) => Promise<string>) => Promise.all([make(1), make(2)]);
  const catalog = await id('CreateHostCatalog', { ...inProject(), type: 'static' });
  const store = await id('CreateCredentialStore', { ...inProject(), type: 'static' });
  const login = (n: number) => ({ attributes: { login_name: `world${n}` } });
  const second = await id('CreateAuthMethod', { ...inGlobal(), type: 'password' });
  const host = (n: number) => ({ host_catalog_id: catalog, type: 'static', attributes: { address: `10.0.0.${n}` } });
  const password = { type: 'password', attributes: { password: 'p' } };
  const target = {
    ...inProject(),
    type: 'tcp',
    name: 'of the world',
    address: '127.0.0.1',
    attributes: { default_port: 22 },
  };
  const vaultAttributes = { address: vault.address, token: 'hvs.t' };
  return {
    catalog,
    store,
    vault: vault.address,
    users: await two(() => id('CreateUser', inGlobal())),
    accounts: await Promise.all(
      [DEV.authMethod, second, DEV.authMethod, second].map((auth_method_id, n) =>
        id('CreateAccount', { auth_method_id, ...login(n) }),
      ),
    ),
    projects: await two(() => id('CreateScope', inOrg())),
    hosts: await two((n) => id('CreateHost', host(n))),
    hostSets: await two(() => id('CreateHostSet', { host_catalog_id: catalog, type: 'static' })),
    credentials: await two(() => id('CreateCredential', { credential_store_id: store, ...password })),
    vaultStore: await id('CreateCredentialStore', { ...inProject(), type: 'vault', attributes: vaultAttributes }),
    ldap: await id('CreateAuthMethod', { ...inGlobal(), type: 'ldap', attributes: { urls: ['ldap://l.example.org'] } }),
    oidc: await id('CreateAuthMethod', { ...inGlobal(), type: 'oidc', attributes: OIDC }),
    target: await id('CreateTarget', target),
  };
}
