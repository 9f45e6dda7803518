/** Rows of every noun that is listed, in many scopes, and the lists to look at. */
import { newId } from '../../lib/ids/ids';
import { sql, transaction } from '../../services/controller/db/db';
import { issueToken } from '../../services/controller/auth-tokens/tokens';
import { DEV, type TestController } from '../harness/controller';
import { copyId, multiply, type Copies } from '../harness/multiply';

export interface Listing {
  name: string;
  method: string;
  request: object;
  as: 'admin' | 'user';
}

export interface Lists {
  listings: Listing[];
  /** Targets that the unprivileged user sees. */
  visible: number;
  /** Adds copies until each noun has `count`. */
  grow(count: number): Promise<void>;
}

/** Projects and orgs that the rows are spread over. */
export const SCOPES = 40;

type Seeded = Omit<Copies, 'count' | 'first'>;

/** What is copied, after one of each was made. */
async function originals(controller: TestController): Promise<Seeded[]> {
  const create = async (noun: string, item: object, more: object = {}): Promise<string> =>
    (await controller.admin.call(`${noun}Service/Create${noun}`, { item, ...more })).item.id as string;
  const { project, org, hostCatalog, authMethod } = DEV;
  const bare = { skip_admin_role_creation: true, skip_default_role_creation: true };
  const on = controller.deps.db.executor;
  const projectId = await create('Scope', { scope_id: org }, bare);
  await multiply(on, { table: 'scopes', of: projectId, count: SCOPES });
  const orgId = await create('Scope', { scope_id: 'global' }, bare);
  await multiply(on, { table: 'scopes', of: orgId, count: SCOPES });
  const spread = (of: string) => ({ scope_id: sql`${of.slice(0, 2)} || lpad((1 + i % ${SCOPES})::text, 10, '0')` });
  const [inProject, inOrg] = [spread(projectId), spread(orgId)];
  const numbered = (column: string) => ({ [column]: sql`'n' || i` });
  const inStore = { scope_id: project, type: 'static' };
  const store = await create('CredentialStore', inStore);
  const target = await create('Target', {
    scope_id: project,
    type: 'tcp',
    name: 'n',
    attributes: { default_port: 22 },
  });
  const login = { auth_method_id: authMethod, type: 'password', attributes: { login_name: 'seed' } };
  const up = { credential_store_id: store, type: 'username_password', attributes: { username: 'u', password: 'p' } };
  const host = { host_catalog_id: hostCatalog, type: 'static', attributes: { address: '10.0.0.1' } };
  const ldap = { scope_id: 'global', type: 'ldap', attributes: { urls: ['ldap://ldap.example.org'] } };
  const ldapId = await create('AuthMethod', ldap);
  const alias = { scope_id: 'global', type: 'target', value: 'n', destination_id: target };
  const account = await create('Account', login);
  return [
    { table: 'targets', of: target, columns: { ...inProject, ...numbered('name') } },
    { table: 'users', of: await create('User', { scope_id: 'global' }), columns: inOrg },
    { table: 'groups', of: await create('Group', { scope_id: 'global' }), columns: inOrg },
    { table: 'roles', of: await create('Role', { scope_id: 'global' }), columns: inOrg },
    { table: 'auth_methods', of: ldapId, columns: inOrg },
    { table: 'ldap_auth_methods', of: ldapId },
    { table: 'accounts', of: account },
    { table: 'password_accounts', of: account, columns: numbered('login_name') },
    {
      table: 'managed_groups',
      of: await create('ManagedGroup', { auth_method_id: ldapId, attributes: { group_names: ['a'] } }),
    },
    { table: 'host_catalogs', of: await create('HostCatalog', inStore), columns: inProject },
    { table: 'hosts', of: await create('Host', host) },
    { table: 'host_sets', of: await create('HostSet', { host_catalog_id: hostCatalog, type: 'static' }) },
    { table: 'credential_stores', of: store, columns: inProject },
    { table: 'credentials', of: await create('Credential', up) },
    {
      table: 'aliases',
      of: await create('Alias', alias),
      columns: { ...numbered('value'), destination_id: sql`'ttcp_' || lpad(i::text, 10, '0')` },
    },
    ...(await sessionsAndTokens(controller, target, { inProject, inOrg })),
  ];
}

/** Most sessions have ended, and most are of nobody who lists. */
async function sessionsAndTokens(
  controller: TestController,
  target: string,
  { inProject, inOrg }: Record<'inProject' | 'inOrg', Record<string, any>>,
): Promise<Seeded[]> {
  const { deps } = controller;
  const now = deps.clock.now();
  const owner = { scope_id: 'global', auth_method_id: DEV.authMethod, user_id: DEV.user, account_id: DEV.userAccount };
  const token = await transaction(deps.db, now, (tx) => issueToken(deps, tx, owner, now));
  const id = newId('s');
  const expiration = new Date(now.getTime() + 86_400_000);
  const { keyId, ciphertext } = await transaction(deps.db, now, (tx) =>
    deps.kms.encrypt(tx, DEV.project, 'sessions', Buffer.from('key'), { column: 'sessions.private_key', row: id }),
  );
  await transaction(deps.db, now, (tx) =>
    sql`insert into sessions (id, scope_id, target_id, user_id, auth_token_id, by_address, type, endpoint, certificate,
          private_key, key_id, connection_limit, concurrent_connection_limit, end_on_token_expiry, correlation_id,
          expiration_time, status_time, created_time, updated_time)
        values (${id}, ${DEV.project}, ${target}, ${DEV.user}, ${token.id}, true, 'tcp', 'tcp://h:1', 'c', ${ciphertext},
          ${keyId}, -1, -1, false, 'c', ${expiration}, ${now}, ${now}, ${now})`.execute(tx),
  );
  const ofFew = sql`case when i % 3 = 0 then ${DEV.user} else ${DEV.admin} end`;
  const status = sql`case when i % 5 = 0 then 'pending' else 'terminated' end`;
  const termination_reason = sql`case when i % 5 = 0 then null else 'canceled' end`;
  return [
    { table: 'auth_tokens', of: token.id, columns: { ...inOrg, user_id: ofFew } },
    { table: 'sessions', of: id, columns: { ...inProject, user_id: ofFew, status, termination_reason } },
  ];
}

/** Grants of the unprivileged user: single targets, and what is its own. */
const USER_GRANTS = [
  'ids=*;type=auth-token;actions=list,read:self',
  'ids=*;type=session;actions=list,read:self',
  'type=target;actions=list',
];
const VISIBLE = 3;

async function grantToUser({ admin, deps }: TestController): Promise<void> {
  // Of the role of everybody who is logged in.
  await sql`delete from role_grants where canonical like 'ids=*;type=target;%'`.execute(deps.db.executor);
  const grant_strings = [...USER_GRANTS];
  for (let i = 1; i <= VISIBLE; i++) grant_strings.push(`ids=${copyId('ttcp_x', i)};actions=read`);
  const { id } = (await admin.call('RoleService/CreateRole', { item: { scope_id: 'global' } })).item;
  await admin.call('RoleService/SetRoleGrantScopes', { id, version: 1, grant_scope_ids: ['this', 'descendants'] });
  await admin.call('RoleService/AddRoleGrants', { id, version: 2, grant_strings });
  await admin.call('RoleService/AddRolePrincipals', { id, version: 3, principal_ids: [DEV.user] });
}

function listingsOf(parents: { ldap: string; store: string }): Listing[] {
  const method = (noun: string) => `${noun.replace(/(ie)?s$/, (end) => (end === 'ies' ? 'y' : ''))}Service/List${noun}`;
  const by = (name: string, noun: string, request: object, as: Listing['as'] = 'admin'): Listing => ({
    name: `${noun} ${name}`,
    method: noun === 'Aliases' ? 'AliasService/ListAliases' : method(noun),
    request,
    as,
  });
  const everywhere = { scope_id: 'global', recursive: true };
  const inProjects = ['Targets', 'HostCatalogs', 'CredentialStores', 'Sessions'];
  const inOrgs = ['Users', 'Groups', 'Roles', 'AuthMethods', 'AuthTokens'];
  const more = (noun: string) => (noun === 'Sessions' ? { include_terminated: true } : {});
  return [
    ...[...inProjects, ...inOrgs, 'Aliases'].map((noun) => by('everywhere', noun, { ...everywhere, ...more(noun) })),
    ...inProjects.map((noun) => by('of an org', noun, { scope_id: DEV.org, recursive: true, ...more(noun) })),
    ...inProjects.map((noun) => by('of a project', noun, { scope_id: copyId('p_x', 1), ...more(noun) })),
    ...inOrgs.map((noun) => by('of one scope', noun, { scope_id: copyId('o_x', 1) })),
    by('that live everywhere', 'Sessions', everywhere),
    by('that live of an org', 'Sessions', { scope_id: DEV.org, recursive: true }),
    by('of the global scope', 'Aliases', { scope_id: 'global' }),
    by('of a method', 'Accounts', { auth_method_id: DEV.authMethod }),
    by('of a method', 'ManagedGroups', { auth_method_id: parents.ldap }),
    by('of a catalog', 'Hosts', { host_catalog_id: DEV.hostCatalog }),
    by('of a catalog', 'HostSets', { host_catalog_id: DEV.hostCatalog }),
    by('of a store', 'Credentials', { credential_store_id: parents.store }),
    by('by id', 'Targets', everywhere, 'user'),
    by('of their user', 'Sessions', everywhere, 'user'),
    by('of their user with ended ones', 'Sessions', { ...everywhere, include_terminated: true }, 'user'),
    by('of their user', 'AuthTokens', everywhere, 'user'),
    {
      name: 'resolvable aliases',
      method: 'UserService/ListResolvableAliases',
      request: { id: DEV.admin },
      as: 'admin',
    },
    {
      name: 'resolvable aliases by id',
      method: 'UserService/ListResolvableAliases',
      request: { id: DEV.user },
      as: 'admin',
    },
  ];
}

export async function seedLists(controller: TestController, count: number): Promise<Lists> {
  const on = controller.deps.db.executor;
  const seeded = await originals(controller);
  const idOf = (table: string): string => seeded.find((one) => one.table === table)!.of;
  await grantToUser(controller);
  for (const { table } of seeded) await sql`alter table ${sql.table(table)} set (autovacuum_enabled = off)`.execute(on);
  let made = 0;
  const grow = async (to: number): Promise<void> => {
    for (const one of seeded) await multiply(on, { ...one, count: to - made, first: made + 1 });
    await sql`insert into session_states (session_id, status, start_time) select id, 'pending', created_time from sessions
      on conflict do nothing`.execute(on);
    await sql`insert into tombstones (resource_type, id, deleted_time)
      select t.type, 'x_' || i, ${controller.deps.clock.now()}::timestamptz + i * interval '1 ms'
      from generate_series(${made + 1}::int, ${to}::int) i, unnest(array['target', 'session', 'user']) t (type)`.execute(
      on,
    );
    made = to;
  };
  await grow(count);
  return {
    listings: listingsOf({ ldap: idOf('auth_methods'), store: idOf('credential_stores') }),
    visible: VISIBLE,
    grow,
  };
}
