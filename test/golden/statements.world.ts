/** A whole controller with `n` of everything that a request could read one after the other. */
import { createPublicKey, randomBytes } from 'node:crypto';
import { newId } from '../../lib/ids/ids';
import { newEd25519 } from '../../lib/tls/keys';
import { encodeRegistrationRequest } from '../../lib/tls/registration-request';
import { issueToken } from '../../services/controller/auth-tokens/tokens';
import { PasswordQueue } from '../../services/controller/auth-methods/passwords';
import { startControl, type Control } from '../../services/controller/control/control';
import { attach, renewLease } from '../../services/controller/control/control.store';
import { openDb, sql, transaction, type Db } from '../../services/controller/db/db';
import { createServices } from '../../services/controller/services';
import type { Service } from '../../services/controller/rpc/service';
import { loadAuthority } from '../../services/controller/workers/authority';
import { loadTofuHmac } from '../../services/controller/workers/deployment';
import { DEV, startTestController, type TestController } from '../harness/controller';
import { multiply, type Copies } from '../harness/multiply';
import { VaultServer } from '../harness/vault';

export type Item = { id: string; version: number } & Record<string, any>;

/** The ids that requests are made of; lists hold `n` of them. */
interface Seeds {
  projects: string[];
  users: string[];
  accounts: string[];
  hosts: string[];
  hostSets: string[];
  credentials: string[];
  /** Has `n` of what it may have. */
  user: string;
  group: string;
  role: string;
  hostSet: string;
  target: string;
  worker: string;
  session: string;
  oidc: string;
  ldap: string;
  staticStore: string;
  vaultStore: string;
}

const BARE_SCOPE = { skip_admin_role_creation: true, skip_default_role_creation: true };

export class World {
  seeds!: Seeds;
  constructor(
    readonly n: number,
    readonly controller: TestController,
    readonly services: readonly Service[],
    private readonly closers: (() => unknown)[],
    readonly vault: VaultServer,
  ) {}

  call(method: string, request: object): Promise<any> {
    return this.controller.admin.call(method, request);
  }

  /** Creates an item of a noun such as `HostSet`. */
  async create(noun: string, item: object, more: object = {}): Promise<Item> {
    return (await this.call(`${noun}Service/Create${noun}`, { item, ...more })).item as Item;
  }

  /** Ids of `n` items like one that is created: the others are copies of its row. */
  async copies(table: string, noun: string, item: object, columns?: Copies['columns']): Promise<string[]> {
    const { id } = await this.create(noun, item, noun === 'Scope' ? BARE_SCOPE : {});
    const on = this.controller.deps.db.executor;
    return [id, ...(await multiply(on, { table, of: id, count: this.n - 1, ...(columns && { columns }) }))];
  }

  many<T>(make: (i: number) => Promise<T>): Promise<T[]> {
    return Promise.all(Array.from({ length: this.n }, (_, i) => make(i)));
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close();
  }
}

/**
 * Statements of its lease and streams are none of a request's, so the worker side has a pool of its
 * own.
 */
async function startControlOf(deps: TestController['deps'], db: Db): Promise<Control> {
  const { kms, clock, log } = deps;
  const authority = await loadAuthority(db.executor, kms);
  return startControl({ name: 'test', db, kms, clock, log, authority, tofuHmac: await loadTofuHmac(db.executor, kms) });
}

export async function startWorld(n: number): Promise<World> {
  const vault = new VaultServer();
  await vault.start();
  const closers: (() => unknown)[] = [() => vault.stop()];
  let services: Service[] = [];
  const controller = await startTestController(async (deps, url) => {
    const db = openDb({ url, log: deps.log, maxConnections: 2 });
    const control = await startControlOf(deps, db);
    closers.unshift(
      () => control.close(),
      () => db.close(),
    );
    const passwords = new PasswordQueue({ concurrent: 2, clock: deps.clock });
    const authority = await loadAuthority(db.executor, deps.kms);
    services = createServices({ ...deps, passwords, control, authority });
    await holdWorker(deps);
    return services;
  });
  closers.push(() => controller.stop());
  const world = new World(n, controller, services, closers, vault);
  world.seeds = await seed(world);
  return world;
}

const WORKER = 'w_1234567890';

/** Puts a worker on record as attached elsewhere, so that sessions can be made. */
async function holdWorker({ db, clock }: TestController['deps']): Promise<void> {
  const now = clock.now();
  const controllerId = 'ctl_1';
  const expiration = new Date(now.getTime() + 86_400_000);
  await renewLease(db.executor, { controllerId, name: 'another', now, expiration });
  await transaction(db, now, async (tx) => {
    await sql`insert into workers (id, name, config_managed, created_time, updated_time)
      values (${WORKER}, 'attached', true, ${now}, ${now})`.execute(tx);
    const address = '127.0.0.1:9202';
    const held = {
      workerId: WORKER,
      controllerId,
      attachmentId: 'att_1',
      bootId: 'boot',
      drainingBootIds: [],
      goesOn: false,
      address,
    };
    await attach(tx, { ...held, releaseVersion: '0.1.0', configTags: {}, draining: false, now });
  });
}

async function seed(world: World): Promise<Seeds> {
  const { project, org, hostCatalog } = DEV;
  const projects = await world.copies('scopes', 'Scope', { scope_id: org });
  const users = await world.copies('users', 'User', { scope_id: 'global' });
  const host = { host_catalog_id: hostCatalog, type: 'static', attributes: { address: '10.0.0.1' } };
  const hosts = await world.copies('hosts', 'Host', host);
  const hostSets = await world.copies('host_sets', 'HostSet', { host_catalog_id: hostCatalog, type: 'static' });
  await world.copies('host_catalogs', 'HostCatalog', { scope_id: project, type: 'static' });
  const [staticStore] = await world.copies('credential_stores', 'CredentialStore', {
    scope_id: project,
    type: 'static',
  });
  // What is encrypted is so for one id, and cannot be copied.
  const credentials = (await world.many(() => world.create('Credential', credentialOf(staticStore!)))).map(
    ({ id }) => id,
  );
  const { id: vaultStore } = await world.create('CredentialStore', vaultStoreOf(world));
  await world.many(() => world.create('CredentialLibrary', libraryOf(vaultStore)));
  const { id: ldap } = await world.create('AuthMethod', ldapMethod());
  const { id: oidc } = await world.create('AuthMethod', oidcMethod());
  await world.copies('managed_groups', 'ManagedGroup', { auth_method_id: ldap, attributes: { group_names: ['a'] } });
  const accounts = await methodAccounts(world);
  const whole = await wholes(world, { projects, users, accounts, hosts, hostSets, credentials });
  await furtherRows(world, whole.target, users);
  const session = await sessionWithConnections(world);
  const parents = { ldap, oidc, staticStore: staticStore!, vaultStore, session, worker: await taggedWorker(world) };
  return { projects, users, accounts, hosts, hostSets, credentials, ...whole, ...parents };
}

type Lists = Pick<Seeds, 'projects' | 'users' | 'accounts' | 'hosts' | 'hostSets' | 'credentials'>;

/**
 * One of each that holds lists, with `n` in each list; the caller has the role, so that it holds
 * `n` grants.
 */
async function wholes(
  world: World,
  lists: Lists,
): Promise<Pick<Seeds, 'user' | 'group' | 'role' | 'hostSet' | 'target'>> {
  const { project, hostCatalog, admin } = DEV;
  const edited = async (action: string, { id, version }: Item, values: object): Promise<Item> =>
    (await world.call(action, { id, version, ...values })).item as Item;
  const user = await edited('UserService/AddUserAccounts', await world.create('User', { scope_id: 'global' }), {
    account_ids: lists.accounts,
  });
  const group = await edited('GroupService/AddGroupMembers', await world.create('Group', { scope_id: 'global' }), {
    member_ids: lists.users,
  });
  await world.copies('groups', 'Group', { scope_id: 'global' });
  await world.copies('roles', 'Role', { scope_id: 'global' });
  let role = await world.create('Role', { scope_id: 'global' });
  role = await edited('RoleService/AddRolePrincipals', role, { principal_ids: [admin, group.id, ...lists.users] });
  role = await edited('RoleService/AddRoleGrants', role, { grant_strings: grantsOf(world, 'read') });
  role = await edited('RoleService/SetRoleGrantScopes', role, { grant_scope_ids: ['this', ...lists.projects] });
  const set = await world.create('HostSet', { host_catalog_id: hostCatalog, type: 'static' });
  const hostSet = await edited('HostSetService/AddHostSetHosts', set, { host_ids: lists.hosts });
  let target = await world.create('Target', { scope_id: project, type: 'tcp', name: 'whole', attributes: PORT });
  target = await edited('TargetService/AddTargetHostSources', target, {
    host_source_ids: [...lists.hostSets, DEV.hostSet],
  });
  await edited('TargetService/AddTargetCredentialSources', target, {
    brokered_credential_source_ids: lists.credentials,
  });
  return { user: user.id, group: group.id, role: role.id, hostSet: hostSet.id, target: target.id };
}

const PORT = { default_port: 22 };

/** `n` grants, each on a target of its own. */
export const grantsOf = (world: World, action: string): string[] =>
  Array.from({ length: world.n }, (_, i) => `ids=ttcp_${String(i).padStart(10, '0')};type=target;actions=${action}`);

async function furtherRows(world: World, target: string, users: readonly string[]): Promise<void> {
  const { deps } = world.controller;
  const numbered = (column: string, start: string) => ({ [column]: sql`${start} || i` });
  const item = { scope_id: DEV.project, type: 'tcp', name: 't0', attributes: PORT };
  await world.copies('targets', 'Target', item, numbered('name', 't'));
  const alias = { scope_id: 'global', type: 'target', value: 'a0', destination_id: target };
  await world.copies('aliases', 'Alias', alias, numbered('value', 'a'));
  await multiply(deps.db.executor, { table: 'workers', of: (await newWorker(world)).id, count: world.n });
  await multiply(deps.db.executor, { table: 'auth_tokens', of: await newToken(world, users[0]!), count: world.n });
  for (let i = 0; i < Math.min(world.n, 10); i++) await world.call('ScopeService/RotateKeys', { scope_id: 'global' });
}

/** Id of an auth token of the user. */
export async function newToken(world: World, user_id: string): Promise<string> {
  const { deps } = world.controller;
  const login = { scope_id: 'global', auth_method_id: DEV.authMethod, user_id, account_id: DEV.adminAccount };
  const now = deps.clock.now();
  return (await transaction(deps.db, now, (tx) => issueToken(deps, tx, login, now))).id;
}

/** `n` sessions, the last with `n` closed connections. */
async function sessionWithConnections(world: World): Promise<string> {
  const made = await world.many(() => world.call('TargetService/AuthorizeSession', { id: DEV.target }));
  const session = made.at(-1).item.session_id as string;
  const { db, clock } = world.controller.deps;
  const now = clock.now();
  await world.many(() =>
    transaction(db, now, (tx) =>
      sql`insert into session_connections (id, session_id, worker_id, boot_id, client_address, client_port, bytes_final,
            created_time, closed_time, closed_reason, closed_by, cause)
          values (${newId('sc')}, ${session}, ${WORKER}, 'boot', '127.0.0.1', 1, true, ${now}, ${now}, 'closed by end-user',
            'client', 'fin')`.execute(tx),
    ),
  );
  return session;
}

async function taggedWorker(world: World): Promise<string> {
  const { id, version } = await newWorker(world);
  await world.call('WorkerService/AddWorkerTags', { id, version, api_tags: { tag: manyTexts(world) } });
  return id;
}

export const manyTexts = (world: World): string[] => Array.from({ length: world.n }, (_, i) => `text${i}`);

export const newWorker = async (world: World): Promise<Item> =>
  (await world.call('WorkerService/CreateControllerLed', { item: { scope_id: 'global' } })).item as Item;

/**
 * Accounts of one auth method, and as many that have an auth method each: a user may have one of
 * each.
 */
async function methodAccounts(world: World): Promise<string[]> {
  const on = world.controller.deps.db.executor;
  const { id: method } = await world.create('AuthMethod', { scope_id: 'global', type: 'password' });
  const attributes = { login_name: 'someone' };
  const { id } = await world.create('Account', { auth_method_id: method, type: 'password', attributes });
  const count = world.n - 1;
  const auth_method_id = sql`'ampw_' || lpad(i::text, 10, '0')`;
  await multiply(on, { table: 'auth_methods', of: method, count });
  await multiply(on, { table: 'password_auth_methods', of: method, count });
  const accounts = await multiply(on, { table: 'accounts', of: id, count, columns: { auth_method_id } });
  await multiply(on, { table: 'password_accounts', of: id, count, columns: { auth_method_id } });
  const further = { of: id, count, first: count + 1 };
  await multiply(on, { table: 'accounts', ...further });
  await multiply(on, { table: 'password_accounts', ...further, columns: { login_name: sql`'someone' || i` } });
  return [id, ...accounts];
}

/** Makes the accounts nobody's. */
export async function freeAccounts(world: World): Promise<string[]> {
  const { accounts } = world.seeds;
  await sql`update accounts set user_id = null where id = any(${accounts})`.execute(world.controller.deps.db.executor);
  return accounts;
}

export const registrationRequest = (): string =>
  encodeRegistrationRequest({
    publicKey: createPublicKey(newEd25519()).export({ format: 'der', type: 'spki' }),
    secret: randomBytes(32),
  });

export const ldapMethod = () => ({
  scope_id: 'global',
  type: 'ldap',
  attributes: { urls: ['ldap://ldap.example.org'] },
});

export const oidcMethod = () => ({
  scope_id: 'global',
  type: 'oidc',
  attributes: {
    issuer: 'https://idp.example.org',
    client_id: 'c',
    client_secret: 's',
    api_url_prefix: 'https://a.example.org',
  },
});

export const credentialOf = (credential_store_id: string) => ({
  credential_store_id,
  type: 'username_password',
  attributes: { username: 'u', password: 'p' },
});

export const libraryOf = (credential_store_id: string) => ({
  credential_store_id,
  type: 'vault-generic',
  attributes: { path: 'secret/x', http_method: 'POST', http_request_body: '{}' },
});

export const vaultStoreOf = (world: World) => ({
  scope_id: DEV.project,
  type: 'vault',
  attributes: { address: world.vault.address, token: 't' },
});
