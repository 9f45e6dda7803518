import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { waitFor } from '../../../test/harness/wait';
import { newId } from '../../../lib/ids/ids';
import { issueToken } from '../auth-tokens/tokens';
import { row, rows, sql, transaction } from '../db/db';
import { groupService } from '../groups/groups.rpc';
import { hostCatalogService } from '../host-catalogs/host-catalogs.rpc';
import { roleService } from '../roles/roles.rpc';
import { scopeService } from './scopes.rpc';

let controller: TestController;

beforeAll(async () => {
  controller = await startTestController((deps) => [
    scopeService(deps),
    roleService(deps),
    groupService(deps),
    hostCatalogService(deps),
  ]);
});
afterAll(() => controller.stop());

const create = async (item: object, more: object = {}): Promise<any> =>
  (await controller.admin.call('ScopeService/CreateScope', { item, ...more })).item;
const SKIP = { skip_admin_role_creation: true, skip_default_role_creation: true };

const rolesOf = (scopeId: string) =>
  rows<{ name: string; version: number; principal: string; grants: string[]; reach: string[] }>(
    controller.deps.db.executor,
    sql`select r.name, r.version, (select principal_id from role_principals p where p.role_id = r.id) as principal,
          array(select raw from role_grants g where g.role_id = r.id order by position) as grants,
          array(select grant_scope_id from role_grant_scopes s where s.role_id = r.id) as reach
        from roles r where scope_id = ${scopeId} order by name`,
  );

test('a new org and a new project get keys and roles', async () => {
  const org = await create({ scope_id: 'global', name: ' made ', description: 'd' });
  expect(org).toMatchObject({ type: 'org', scope_id: 'global', name: 'made', description: 'd', version: 1 });
  expect(org.authorized_collection_actions).toBeUndefined();
  expect(org.authorized_actions.sort()).toEqual(
    ['attach-storage-policy', 'delete', 'detach-storage-policy', 'no-op', 'read', 'update'].sort(),
  );
  expect(await rolesOf(org.id)).toEqual([
    {
      name: 'Administration',
      version: 2,
      principal: DEV.admin,
      grants: ['ids=*;type=*;actions=*'],
      reach: ['this'],
    },
    {
      name: 'Login and Default Grants',
      version: 2,
      principal: 'u_anon',
      grants: [
        'ids=*;type=scope;actions=list,no-op',
        'ids=*;type=auth-method;actions=authenticate,list',
        'ids={{.Account.Id}};actions=read,change-password',
        'ids=*;type=auth-token;actions=list,read:self,delete:self',
      ],
      reach: ['this'],
    },
  ]);
  const project = await create({ scope_id: org.id, type: 'project' });
  expect(project).toMatchObject({
    type: 'project',
    scope: { id: org.id, type: 'org', name: 'made', parent_scope_id: 'global' },
    authorized_actions: ['no-op', 'read', 'update', 'delete'],
    authorized_collection_actions: {
      'credential-stores': ['create', 'list'],
      groups: ['create', 'list'],
      'host-catalogs': ['create', 'list'],
      roles: ['create', 'list'],
      scopes: ['list-keys', 'rotate-keys', 'list-key-version-destruction-jobs', 'destroy-key-version'],
      sessions: ['list'],
      targets: ['create', 'list'],
    },
  });
  expect((await rolesOf(project.id)).map((role) => [role.name, role.principal])).toEqual([
    ['Administration', DEV.admin],
    ['Default Grants', 'u_auth'],
  ]);
  const sealed = await controller.deps.kms.encrypt(
    controller.deps.db.executor,
    project.id,
    'sessions',
    Buffer.from('x'),
    { column: 'sessions.private_key', row: 'a' },
  );
  expect(sealed.keyId).toMatch(/^kdkv_/);
});

test('each role of a new scope can be left out', async () => {
  const bare = await create({ scope_id: 'global' }, SKIP);
  expect(await rolesOf(bare.id)).toEqual([]);
  const noAdmin = await create({ scope_id: bare.id }, { skip_admin_role_creation: true });
  expect((await rolesOf(noAdmin.id)).map((role) => role.name)).toEqual(['Default Grants']);
  const noDefault = await create({ scope_id: bare.id }, { skip_default_role_creation: true });
  expect((await rolesOf(noDefault.id)).map((role) => role.name)).toEqual(['Administration']);
});

test.each([
  [{}, { scope_id: 'Missing value for scope_id.' }],
  [{ scope_id: 'global', type: 'global' }, { type: 'Cannot create a global scope.' }],
  [{ scope_id: DEV.org, type: 'org' }, { type: 'Org scopes can only be created under the global scope.' }],
  [{ scope_id: 'global', type: 'project' }, { type: 'Project scopes can only be created under an org scope.' }],
  [{ scope_id: DEV.project }, { type: 'Project scopes can only be created under an org scope.' }],
  [{ scope_id: 'global', type: 'galaxy' }, { type: 'Must be "org" or "project".' }],
  [{ scope_id: 'global', name: '' }, { name: 'Cannot set empty string as name' }],
  [
    { scope_id: 'global', id: 'o_1', version: 1, description: 'a\u0000' },
    {
      id: 'This is a read only field.',
      version: 'This cannot be specified at create time.',
      description: 'Description contains unprintable characters',
    },
  ],
])('create refuses %j', async (item, fields) => {
  const refusal = await controller.admin.refusal('ScopeService/CreateScope', { item });
  expect(refusal).toMatchObject({ status: 400, kind: 'InvalidArgument', message: 'Error in provided request.' });
  expect(fieldsOf(refusal)).toEqual(fields);
});

test('create: unknown parent, names twice, rights', async () => {
  const { admin, user, anonymous } = controller;
  const unknown = { item: { scope_id: 'o_AAAAAAAAAA' } };
  expect(await admin.refusal('ScopeService/CreateScope', unknown)).toMatchObject({ status: 404 });
  await create({ scope_id: 'global', name: 'twice' });
  const again = { item: { scope_id: 'global', name: 'twice' } };
  expect(await admin.refusal('ScopeService/CreateScope', again)).toEqual({
    status: 400,
    kind: 'InvalidArgument',
    message:
      'Invalid request.  Request attempted to make second resource with the same field value that must be unique.',
    details: {
      request_fields: [{ name: 'name', description: 'Another one has this value already; choose another value.' }],
    },
  });
  expect(await user.refusal('ScopeService/CreateScope', again)).toMatchObject({ status: 403 });
  expect(await anonymous.refusal('ScopeService/CreateScope', again)).toMatchObject({ status: 401 });
});

test('read: the global scope lives in itself, a project in its org', async () => {
  const { admin, user, anonymous } = controller;
  const { item: global } = await admin.call('ScopeService/GetScope', { id: 'global' });
  expect(global).toMatchObject({ id: 'global', type: 'global', name: 'global', scope: { id: 'global' } });
  expect(global.scope_id).toBeUndefined();
  expect(global.authorized_actions).not.toContain('delete');
  expect(Object.keys(global.authorized_collection_actions).sort()).toEqual(
    [
      'aliases',
      'auth-methods',
      'auth-tokens',
      'groups',
      'policies',
      'roles',
      'scopes',
      'session-recordings',
      'storage-buckets',
      'users',
      'workers',
    ].sort(),
  );
  const { item } = await user.call('ScopeService/GetScope', { id: DEV.project });
  expect(item).toMatchObject({ authorized_collection_actions: { sessions: ['list'], targets: ['list'] } });
  expect(await anonymous.refusal('ScopeService/GetScope', { id: DEV.org })).toMatchObject({ status: 401 });
  expect(await anonymous.refusal('ScopeService/GetScope', { id: 'o_AAAAAAAAAA' })).toMatchObject({ status: 404 });
  for (const id of ['', 'global_', 'x', 'o_-', 'p_a b', 'o_\u0000']) {
    const refusal = await admin.refusal('ScopeService/GetScope', { id });
    expect(fieldsOf(refusal)).toEqual({ id: 'Invalidly formatted scope id.' });
  }
});

test('list: children, descendants, and what anonymous callers see', async () => {
  const { admin, anonymous } = controller;
  const org = await create({ scope_id: 'global', name: 'listed' }, SKIP);
  const project = await create({ scope_id: org.id, name: 'listed project' }, SKIP);
  const filter = '"/item/name" matches "^(listed|global)"';
  const ids = async (request: object) =>
    (await admin.call('ScopeService/ListScopes', { filter, ...request })).items?.map((item: any) => item.id);
  expect(await ids({})).toEqual([org.id]);
  expect(await ids({ recursive: true })).toEqual([project.id, org.id]);
  expect(await ids({ scope_id: org.id })).toEqual([project.id]);
  expect(await ids({ scope_id: org.id, recursive: true })).toEqual([project.id]);
  const { items } = await anonymous.call('ScopeService/ListScopes', {
    recursive: true,
    filter: `"/item/id" contains "1234567890"`,
  });
  expect(items).toEqual([
    {
      id: DEV.project,
      scope_id: DEV.org,
      scope: expect.objectContaining({ id: DEV.org, parent_scope_id: 'global' }),
      name: 'Generated project scope',
      description: 'Provides an initial project scope in Boundary',
      type: 'project',
      authorized_actions: ['no-op'],
    },
    {
      id: DEV.org,
      scope_id: 'global',
      scope: expect.objectContaining({ id: 'global' }),
      name: 'Generated org scope',
      description: 'Provides an initial org scope in Boundary',
      type: 'org',
      authorized_actions: ['no-op'],
      authorized_collection_actions: { 'auth-methods': ['list'], scopes: ['list'] },
    },
  ]);
  const refusal = await admin.refusal('ScopeService/ListScopes', { scope_id: DEV.project });
  expect(refusal).toMatchObject({ status: 400, message: 'Error in provided request.' });
  expect(fieldsOf(refusal)).toEqual({ scope_id: "Must be 'global' or a valid org scope id when listing." });
});

test('update: fields, clearing, versions', async () => {
  const { admin } = controller;
  const org = await create({ scope_id: 'global', name: 'before', description: 'd' }, SKIP);
  const update = (item: object, update_mask: string[], id = org.id) => ({ id, item, update_mask });
  const changed = await admin.call(
    'ScopeService/UpdateScope',
    update({ version: 1, name: 'after' }, ['name', 'description']),
  );
  expect(changed.item).toMatchObject({ version: 2, name: 'after' });
  expect(changed.item.description).toBeUndefined();
  const stale = update({ version: 1, name: 'x' }, ['name']);
  expect(await admin.refusal('ScopeService/UpdateScope', stale)).toEqual({
    status: 404,
    kind: 'NotFound',
    message: `Scope "${org.id}" doesn't exist or incorrect version provided.`,
  });
  const huge = update({ version: 4_294_967_295, name: 'x' }, ['name']);
  expect(await admin.refusal('ScopeService/UpdateScope', huge)).toMatchObject({ status: 404 });
  const project = update({ version: 2, type: 'project' }, ['type']);
  expect(fieldsOf(await admin.refusal('ScopeService/UpdateScope', project))).toEqual({
    type: 'Cannot modify the resource type.',
  });
  expect(fieldsOf(await admin.refusal('ScopeService/UpdateScope', { id: 'zz' }))).toEqual({
    id: 'Invalidly formatted scope id.',
    update_mask: 'UpdateMask not provided but is required to update a project.',
    version: 'Existing resource version is required for an update.',
  });
  const nothing = update({ version: 2 }, ['version', '__proto__', 'id; drop table scopes']);
  expect(await admin.refusal('ScopeService/UpdateScope', nothing)).toMatchObject({
    message: 'No valid fields included in the update mask.',
  });
});

test('update: the primary auth method is one of the scope, and can be cleared', async () => {
  const { admin } = controller;
  const mask = ['primary_auth_method_id'];
  const set = (id: string, version: number, value: string | undefined) => ({
    id,
    item: { version, primary_auth_method_id: value },
    update_mask: mask,
  });
  const { item: global } = await admin.call('ScopeService/GetScope', { id: 'global' });
  expect(global.primary_auth_method_id).toBe(DEV.authMethod);
  const cleared = await admin.call('ScopeService/UpdateScope', set('global', global.version, undefined));
  expect(cleared.item.primary_auth_method_id).toBeUndefined();
  const back = await admin.call('ScopeService/UpdateScope', set('global', cleared.item.version, DEV.authMethod));
  expect(back.item).toMatchObject({ primary_auth_method_id: DEV.authMethod, version: global.version + 2 });
  const foreign = await admin.refusal('ScopeService/UpdateScope', set(DEV.org, 1, DEV.authMethod));
  expect(fieldsOf(foreign)).toEqual({ primary_auth_method_id: 'Must be an auth method of this scope.' });
  for (const value of ['', 'x', 'hcst_1234567890', 'ampw_\u0000']) {
    const refusal = await admin.refusal('ScopeService/UpdateScope', set(DEV.org, 1, value));
    expect(fieldsOf(refusal)).toEqual({ primary_auth_method_id: 'Improperly formatted identifier.' });
  }
});

test('delete takes everything in the scope along', async () => {
  const { admin, deps } = controller;
  const org = await create({ scope_id: 'global' });
  const project = await create({ scope_id: org.id });
  await admin.call('GroupService/CreateGroup', { item: { scope_id: project.id, name: 'g' } });
  await admin.call('HostCatalogService/CreateHostCatalog', { item: { scope_id: project.id, type: 'static' } });
  await admin.call('ScopeService/DeleteScope', { id: org.id });
  expect(await admin.refusal('ScopeService/GetScope', { id: project.id })).toMatchObject({ status: 404 });
  const gone = sql`select id from tombstones where id in (${org.id}, ${project.id})`;
  expect(await rows(deps.db.executor, gone)).toHaveLength(2);
  const keys = sql`select id from kms_root_keys where scope_id in (${org.id}, ${project.id})`;
  expect(await row(deps.db.executor, keys)).toBeUndefined();
  expect(await admin.refusal('ScopeService/DeleteScope', { id: org.id })).toMatchObject({ status: 404 });
  expect(fieldsOf(await admin.refusal('ScopeService/DeleteScope', { id: 'global' }))).toEqual({
    id: 'Invalid to delete the global scope.',
  });
});

/** A user of the org with a token and a pending session to a target of the project. */
async function useScope(orgId: string, projectId: string): Promise<{ sessionId: string }> {
  const { db, kms, clock } = controller.deps;
  const now = clock.now();
  const later = new Date(now.getTime() + 60_000);
  const [method, user, account, target, catalog, set, host] = [
    'ampw',
    'u',
    'acctpw',
    'ttcp',
    'hcst',
    'hsst',
    'hst',
  ].map((prefix) => newId(prefix)) as [string, string, string, string, string, string, string];
  const sessionId = newId('s');
  await transaction(db, now, async (tx) => {
    const run = (statement: ReturnType<typeof sql>) => statement.execute(tx);
    await run(sql`insert into auth_methods (id, scope_id, type, created_time, updated_time)
      values (${method}, ${orgId}, 'password', ${now}, ${now})`);
    await run(sql`update scopes set primary_auth_method_id = ${method} where id = ${orgId}`);
    await run(
      sql`insert into users (id, scope_id, created_time, updated_time) values (${user}, ${orgId}, ${now}, ${now})`,
    );
    await run(sql`insert into accounts (id, auth_method_id, scope_id, type, user_id, created_time, updated_time)
      values (${account}, ${method}, ${orgId}, 'password', ${user}, ${now}, ${now})`);
    await run(sql`insert into host_catalogs (id, scope_id, type, created_time, updated_time)
      values (${catalog}, ${projectId}, 'static', ${now}, ${now})`);
    await run(sql`insert into hosts (id, host_catalog_id, scope_id, type, address, created_time, updated_time)
      values (${host}, ${catalog}, ${projectId}, 'static', 'a.example', ${now}, ${now})`);
    await run(sql`insert into host_sets (id, host_catalog_id, scope_id, type, created_time, updated_time)
      values (${set}, ${catalog}, ${projectId}, 'static', ${now}, ${now})`);
    await run(sql`insert into host_set_members values (${set}, ${host}, ${catalog})`);
    await run(sql`insert into targets (id, scope_id, type, name, default_port, created_time, updated_time)
      values (${target}, ${projectId}, 'tcp', 't', 22, ${now}, ${now})`);
    await run(sql`insert into target_host_sets values (${target}, ${set}, ${projectId})`);
    const owner = { scope_id: orgId, user_id: user, account_id: account, auth_method_id: method };
    const token = await issueToken(controller.deps, tx, owner, now);
    const key = await kms.encrypt(tx, projectId, 'sessions', Buffer.alloc(64), {
      column: 'sessions.private_key',
      row: sessionId,
    });
    await run(sql`insert into sessions (id, scope_id, target_id, user_id, auth_token_id, host_id, host_set_id, by_address,
        type, endpoint, certificate, private_key, key_id, connection_limit, concurrent_connection_limit,
        end_on_token_expiry, correlation_id, expiration_time, status_time, created_time, updated_time)
      values (${sessionId}, ${projectId}, ${target}, ${user}, ${token.id}, ${host}, ${set}, false, 'tcp',
        'tcp://a.example:22', ${Buffer.alloc(1)}, ${key.ciphertext}, ${key.keyId}, -1, -1, false, 'c', ${later}, ${now},
        ${now}, ${now})`);
  });
  return { sessionId };
}

test('an org that has been used can be deleted; its sessions end', async () => {
  const { admin, deps } = controller;
  const org = await create({ scope_id: 'global' });
  const project = await create({ scope_id: org.id });
  const { sessionId } = await useScope(org.id, project.id);
  await admin.call('ScopeService/DeleteScope', { id: org.id });
  const session = sql`select status, scope_id, target_id, user_id, key_id from sessions where id = ${sessionId}`;
  expect(await row(deps.db.executor, session)).toEqual({
    status: 'canceling',
    scope_id: null,
    target_id: null,
    user_id: null,
    key_id: null,
  });
});

test('what is made in a scope while it is deleted is not found', async () => {
  const { admin, deps } = controller;
  const org = await create({ scope_id: 'global' }, SKIP);
  let creation: Promise<unknown> | undefined;
  await transaction(deps.db, deps.clock.now(), async (tx) => {
    await sql`delete from scopes where id = ${org.id}`.execute(tx);
    creation = admin.refusal('ScopeService/CreateScope', { item: { scope_id: org.id } });
    const blocked = sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await waitFor('the creation to wait for the deletion', async () => row(deps.db.executor, blocked));
  });
  expect(await creation).toEqual({ status: 404, kind: 'NotFound', message: 'Resource not found.' });
});
