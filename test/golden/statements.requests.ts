/** One successful request of every RPC, on items that have `n` of all that an item may have. */
import { DEV } from '../harness/controller';
import {
  credentialOf,
  freeAccounts,
  grantsOf,
  ldapMethod,
  libraryOf,
  manyTexts,
  newToken,
  newWorker,
  oidcMethod,
  registrationRequest,
  type Item,
  type World,
} from './statements.world';

/** Makes the request; what it creates on the way does not count. */
export type Request = (world: World) => object | Promise<object>;

/** The five usual RPCs of a noun. `fresh` is a new item, `parent` what lists take. */
function crud(
  noun: string,
  fresh: (world: World) => object,
  parent: (world: World) => object,
): Record<string, Request> {
  const created = (world: World): Promise<Item> => world.create(noun, fresh(world), BARE[noun]);
  const service = `${noun}Service`;
  const plural = noun === 'Alias' ? 'Aliases' : noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return {
    [`${service}/Get${noun}`]: async (world) => ({ id: whole(noun, world) ?? (await created(world)).id }),
    [`${service}/List${plural}`]: (world) => parent(world),
    [`${service}/Create${noun}`]: (world) => ({ item: fresh(world), ...BARE[noun] }),
    [`${service}/Update${noun}`]: async (world) => {
      const { id, version } = await created(world);
      return { id, item: { version, description: 'new' }, update_mask: ['description'] };
    },
    [`${service}/Delete${noun}`]: async (world) => ({ id: (await created(world)).id }),
  };
}

const BARE: Record<string, object> = { Scope: {} };

/** Item with long lists. */
const whole = (noun: string, { seeds }: World): string | undefined =>
  ({ User: seeds.user, Group: seeds.group, Role: seeds.role, HostSet: seeds.hostSet, Target: seeds.target })[noun];

/** The three edits of a list: `values` are new to the `empty` item. */
function edits(
  method: (verb: string) => string,
  {
    empty,
    field,
    values,
  }: {
    empty: (world: World) => Promise<Item>;
    field: string;
    values: (world: World) => unknown;
  },
): Record<string, Request> {
  const add = async (world: World): Promise<object> => {
    const { id, version } = await empty(world);
    return { id, version, [field]: await values(world) };
  };
  const remove = async (world: World): Promise<object> => {
    const request = await add(world);
    const { item } = await world.call(method('Add'), request);
    return { ...request, version: (item as Item).version };
  };
  return { [method('Add')]: add, [method('Set')]: add, [method('Remove')]: remove };
}

const recursive = (scope_id = 'global') => ({ scope_id, recursive: true });
const inScope = (noun: string, item: object) =>
  crud(
    noun,
    () => item,
    () => recursive(),
  );

const scopes: Record<string, Request> = {
  ...crud(
    'Scope',
    () => ({ scope_id: 'global' }),
    () => recursive(),
  ),
  'ScopeService/ListKeys': () => ({ id: 'global' }),
  'ScopeService/RotateKeys': () => ({ scope_id: DEV.org, rewrap: true }),
  'ScopeService/ListKeyVersionDestructionJobs': () => ({ scope_id: 'global' }),
  'ScopeService/DestroyKeyVersion': async (world) => {
    await world.call('ScopeService/RotateKeys', { scope_id: DEV.project });
    const { items } = await world.call('ScopeService/ListKeys', { id: DEV.project });
    const key = items.find((one: any) => one.purpose === 'database');
    return { scope_id: DEV.project, key_version_id: key.versions.at(-1).id };
  },
};

const identity: Record<string, Request> = {
  ...crud('AuthMethod', ldapMethod, () => recursive()),
  'AuthMethodService/Authenticate': () => ({
    auth_method_id: DEV.authMethod,
    command: 'login',
    attributes: { login_name: 'admin', password: 'password' },
  }),
  'AuthMethodService/ChangeState': async (world) => {
    const { id, version } = await world.create('AuthMethod', oidcMethod());
    return { id, version, attributes: { state: 'inactive', disable_discovered_config_validation: true } };
  },
  ...crud(
    'Account',
    () => ({ auth_method_id: DEV.authMethod, type: 'password', attributes: { login_name: `name${names++}` } }),
    () => ({ auth_method_id: DEV.authMethod }),
  ),
  'AccountService/SetPassword': async (world) => ({ ...(await account(world)), password: 'password2' }),
  'AccountService/ChangePassword': async (world) => ({
    ...(await account(world)),
    current_password: 'password',
    new_password: 'password2',
  }),
  ...crud(
    'ManagedGroup',
    ({ seeds }) => ({ auth_method_id: seeds.ldap, attributes: { group_names: ['a'] } }),
    ({ seeds }) => ({ auth_method_id: seeds.ldap }),
  ),
  'AuthTokenService/GetAuthToken': async (world) => ({ id: await newToken(world, DEV.user) }),
  'AuthTokenService/ListAuthTokens': () => recursive(),
  'AuthTokenService/DeleteAuthToken': async (world) => ({ id: await newToken(world, DEV.user) }),
  ...inScope('User', { scope_id: 'global' }),
  'UserService/ListResolvableAliases': () => ({ id: DEV.admin }),
  ...inScope('Group', { scope_id: 'global' }),
  ...inScope('Role', { scope_id: 'global' }),
};

let names = 0;

async function account(world: World): Promise<{ id: string; version: number }> {
  const attributes = { login_name: `name${names++}`, password: 'password' };
  const { id, version } = await world.create('Account', {
    auth_method_id: DEV.authMethod,
    type: 'password',
    attributes,
  });
  return { id, version };
}

const created = (noun: string, item: object) => (world: World) => world.create(noun, item);
const freshTarget = () => ({
  scope_id: DEV.project,
  type: 'tcp',
  name: `x${names++}`,
  attributes: { default_port: 22 },
});

const listEdits: Record<string, Request> = {
  ...edits((verb) => `UserService/${verb}UserAccounts`, {
    empty: created('User', { scope_id: 'global' }),
    field: 'account_ids',
    values: freeAccounts,
  }),
  ...edits((verb) => `GroupService/${verb}GroupMembers`, {
    empty: created('Group', { scope_id: 'global' }),
    field: 'member_ids',
    values: ({ seeds }) => seeds.users,
  }),
  ...edits((verb) => `RoleService/${verb}RolePrincipals`, {
    empty: created('Role', { scope_id: 'global' }),
    field: 'principal_ids',
    values: ({ seeds }) => seeds.users,
  }),
  ...edits((verb) => `RoleService/${verb}RoleGrants`, {
    empty: created('Role', { scope_id: 'global' }),
    field: 'grant_strings',
    values: (world) => grantsOf(world, 'update'),
  }),
  ...edits((verb) => `RoleService/${verb}RoleGrantScopes`, {
    empty: created('Role', { scope_id: 'global' }),
    field: 'grant_scope_ids',
    values: ({ seeds }) => seeds.projects,
  }),
  ...edits((verb) => `HostSetService/${verb}HostSetHosts`, {
    empty: created('HostSet', { host_catalog_id: DEV.hostCatalog, type: 'static' }),
    field: 'host_ids',
    values: ({ seeds }) => seeds.hosts,
  }),
  ...edits((verb) => `TargetService/${verb}TargetHostSources`, {
    empty: (world) => world.create('Target', freshTarget()),
    field: 'host_source_ids',
    values: ({ seeds }) => seeds.hostSets,
  }),
  ...edits((verb) => `TargetService/${verb}TargetCredentialSources`, {
    empty: (world) => world.create('Target', freshTarget()),
    field: 'brokered_credential_source_ids',
    values: ({ seeds }) => seeds.credentials,
  }),
  ...edits((verb) => `WorkerService/${verb}WorkerTags`, {
    empty: newWorker,
    field: 'api_tags',
    values: (world) => ({ tag: manyTexts(world) }),
  }),
};

const projects: Record<string, Request> = {
  ...inScope('HostCatalog', { scope_id: DEV.project, type: 'static' }),
  ...crud(
    'Host',
    () => ({ host_catalog_id: DEV.hostCatalog, type: 'static', attributes: { address: '10.0.0.2' } }),
    () => ({ host_catalog_id: DEV.hostCatalog }),
  ),
  ...crud(
    'HostSet',
    () => ({ host_catalog_id: DEV.hostCatalog, type: 'static' }),
    () => ({ host_catalog_id: DEV.hostCatalog }),
  ),
  ...inScope('CredentialStore', { scope_id: DEV.project, type: 'static' }),
  ...crud(
    'CredentialLibrary',
    ({ seeds }) => libraryOf(seeds.vaultStore),
    ({ seeds }) => ({ credential_store_id: seeds.vaultStore }),
  ),
  ...crud(
    'Credential',
    ({ seeds }) => credentialOf(seeds.staticStore),
    ({ seeds }) => ({ credential_store_id: seeds.staticStore }),
  ),
  ...crud('Target', freshTarget, () => recursive()),
  'TargetService/AuthorizeSession': ({ seeds }) => ({ id: seeds.target }),
  ...crud(
    'Alias',
    () => ({ scope_id: 'global', type: 'target', value: `n${names++}.test` }),
    () => recursive(),
  ),
  'SessionService/GetSession': ({ seeds }) => ({ id: seeds.session }),
  'SessionService/ListSessions': () => recursive(),
  'SessionService/CancelSession': async (world) => {
    const { item } = await world.call('TargetService/AuthorizeSession', { id: DEV.target });
    return { id: item.session_id, version: 1 };
  },
  'BillingService/MonthlyActiveUsers': () => ({}),
};

const workers: Record<string, Request> = {
  'WorkerService/GetWorker': ({ seeds }) => ({ id: seeds.worker }),
  'WorkerService/ListWorkers': () => ({ scope_id: 'global' }),
  'WorkerService/CreateControllerLed': () => ({ item: { scope_id: 'global' } }),
  'WorkerService/CreateWorkerLed': () => ({
    item: { scope_id: 'global', worker_generated_auth_token: registrationRequest() },
  }),
  'WorkerService/UpdateWorker': async (world) => {
    const { id, version } = await newWorker(world);
    return { id, item: { version, description: 'new' }, update_mask: ['description'] };
  },
  'WorkerService/DeleteWorker': async (world) => ({ id: (await newWorker(world)).id }),
  'WorkerService/ReadCertificateAuthority': () => ({ scope_id: 'global' }),
  'WorkerService/ReinitializeCertificateAuthority': () => ({ scope_id: 'global' }),
};

export const REQUESTS: Readonly<Record<string, Request>> = {
  ...scopes,
  ...identity,
  ...projects,
  ...workers,
  ...listEdits,
};
