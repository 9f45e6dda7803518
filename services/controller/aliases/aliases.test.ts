/** Aliases through their service, and wherever they stand for a target. */
import { fieldsOf, DEV, startTestController, type TestController } from '../../../test/harness/controller';
import { sql } from '../db/db';
import { hostSetService } from '../host-sets/host-sets.rpc';
import { hostService } from '../hosts/hosts.rpc';
import { groupService } from '../groups/groups.rpc';
import { roleService } from '../roles/roles.rpc';
import { scopeService } from '../scopes/scopes.rpc';
import { targetService } from '../targets/targets.rpc';
import { userService } from '../users/users.rpc';
import { valueProblem } from './aliases';
import { aliasService } from './aliases.rpc';

let controller: TestController;
/** Requests that reached authorize-session. */
const authorized: { id: string; host_id: string }[] = [];
let count = 0;

beforeAll(async () => {
  const authorize = (_op: unknown, request: { id: string; host_id: string }) => {
    authorized.push(request);
    return Promise.resolve({ item: { target_id: request.id } });
  };
  controller = await startTestController((deps) => [
    scopeService(deps),
    targetService(deps, authorize),
    aliasService(deps),
    userService(deps),
    roleService(deps),
    groupService(deps),
    hostService(deps),
    hostSetService(deps),
  ]);
});
afterAll(() => controller.stop());

const unused = (): string => `a${++count}.example`;
const valid = (more: object = {}) => ({ scope_id: 'global', type: 'target', value: unused(), ...more });
const create = async (more: object = {}) =>
  (await controller.admin.call('AliasService/CreateAlias', { item: valid(more) })).item;
const refused = (item: object) => controller.admin.refusal('AliasService/CreateAlias', { item });
const update = async (id: string, item: object, mask: string[]) =>
  (await controller.admin.call('AliasService/UpdateAlias', { id, item, update_mask: mask })).item;
const withHost = (host_id: unknown) => ({ attributes: { authorize_session_arguments: { host_id } } });

const newTarget = async (more: object = {}) => {
  const item = { scope_id: DEV.project, type: 'tcp', name: `t${++count}`, attributes: { default_port: 22 }, ...more };
  return (await controller.admin.call('TargetService/CreateTarget', { item })).item;
};

test.each([
  ['one', undefined],
  ['a.b-c.example', undefined],
  ['A.EXAMPLE', undefined],
  ['1.2.3.x', undefined],
  [`${'a'.repeat(63)}.b`, undefined],
  ['', 'This field is required.'],
  ['1.2.3.4', 'The last label must not consist of digits only.'],
  ['123', 'The last label must not consist of digits only.'],
  [`${'a'.repeat(64)}.b`, expect.stringContaining('labels')],
  [`${'a.'.repeat(126)}bc`, 'Must have at most 253 characters.'],
  ['a_b', expect.stringContaining('labels')],
  ['a b', expect.stringContaining('labels')],
  ['a.', expect.stringContaining('labels')],
  ['.a', expect.stringContaining('labels')],
  ['-a.b', expect.stringContaining('labels')],
  ['a-.b', expect.stringContaining('labels')],
  ['ä.example', expect.stringContaining('labels')],
  ['a\u0000', expect.stringContaining('labels')],
])('the value %j: %j', async (value, problem) => {
  expect(valueProblem(value)).toEqual(problem);
  const insert = sql`insert into aliases (id, scope_id, type, value, created_time, updated_time)
    values (${`alt_${++count}`}, 'global', 'target', ${value}, now(), now())`;
  const stored = insert.execute(controller.deps.db.executor).then(
    () => true,
    () => false,
  );
  // The schema agrees.
  expect(await stored).toBe(problem === undefined);
});

test('create, read, update, delete', async () => {
  const made = await create({ name: 'n', description: 'd', destination_id: DEV.target });
  expect(made).toMatchObject({
    id: expect.stringMatching(/^alt_\w{10}$/),
    scope: { id: 'global' },
    version: 1,
    destination_id: DEV.target,
    authorized_actions: expect.arrayContaining(['no-op', 'read', 'update', 'delete']),
  });
  const { id } = made;
  expect((await controller.admin.call('AliasService/GetAlias', { id })).item).toEqual(made);
  const hosted = await update(id, { version: 1, ...withHost(DEV.host) }, ['attributes.authorize_session_arguments']);
  expect(hosted).toMatchObject({ version: 2, ...withHost(DEV.host) });
  const cleared = await update(id, { version: 2 }, ['destination_id', 'name', 'description']);
  expect(Object.keys(cleared)).not.toEqual(expect.arrayContaining(['attributes']));
  expect(cleared.destination_id ?? cleared.name ?? cleared.description).toBeUndefined();
  const stale = { id, item: { version: 2, name: 'x' }, update_mask: ['name'] };
  expect(await controller.admin.refusal('AliasService/UpdateAlias', stale)).toEqual({
    status: 404,
    kind: 'NotFound',
    message: `Alias "${id}" doesn't exist or incorrect version provided.`,
  });
  await controller.admin.call('AliasService/DeleteAlias', { id });
  expect(await controller.admin.refusal('AliasService/GetAlias', { id })).toMatchObject({ status: 404 });
});

test.each<[object, object]>([
  [{ scope_id: DEV.org }, { scope_id: 'This field is missing or improperly formatted.' }],
  [{ type: 'x' }, { type: "This field is required. Current supported values are 'target'." }],
  [{ value: '' }, { value: 'This field is required.' }],
  [{ destination_id: 'hst_1234567890' }, { destination_id: 'Incorrectly formatted identifier.' }],
  [
    withHost(DEV.host),
    {
      destination_id: "This field is required when 'attributes.authorize_session_arguments.host_id' is specified.",
    },
  ],
  [
    { destination_id: DEV.target, ...withHost('u_1') },
    { 'attributes.authorize_session_arguments.host_id': 'Incorrectly formatted identifier.' },
  ],
  ...[withHost(1), { attributes: { x: 1 } }, { attributes: { authorize_session_arguments: { y: '' } } }].map(
    (attributes): [object, object] => [
      attributes,
      { attributes: 'Attribute fields do not match the expected format.' },
    ],
  ),
])('create refuses %j', async (more, fields) => {
  const refusal = await refused(valid(more));
  expect(refusal).toMatchObject({ status: 400, kind: 'InvalidArgument', message: 'Error in provided request.' });
  expect(fieldsOf(refusal)).toEqual(fields);
});

test('values and names are unique, values whatever their case', async () => {
  const { value } = await create({ name: 'unique' });
  const twice = { status: 400, message: expect.stringContaining('must be unique') };
  expect(await refused(valid({ value: value.toUpperCase() }))).toMatchObject(twice);
  expect(await refused(valid({ name: 'unique' }))).toMatchObject(twice);
  expect(await refused(valid({ destination_id: 'ttcp_AAAAAAAAAA' }))).toMatchObject({ status: 404, kind: 'Internal' });
});

test('update: the rules of create hold for what is there and what comes', async () => {
  const { id } = await create();
  const call = (item: object, update_mask: string[]) =>
    controller.admin.refusal('AliasService/UpdateAlias', { id, item: { version: 1, ...item }, update_mask });
  expect(fieldsOf(await call({}, ['value']))).toEqual({ value: 'This field is required.' });
  expect(fieldsOf(await call({ value: '-' }, ['value']))).toHaveProperty('value');
  expect(fieldsOf(await call(withHost(DEV.host), ['attributes']))).toHaveProperty('destination_id');
  expect(fieldsOf(await call({ type: 'x' }, ['type']))).toHaveProperty('update_mask');
  expect(fieldsOf(await call({ type: 'x', name: 'n' }, ['type', 'name']))).toHaveProperty('type');
  expect(await update(id, { version: 1, value: 'other.example' }, ['value'])).toMatchObject({ version: 2 });
});

test('an alias stands for the id of its target in every request, in any case', async () => {
  const { admin, user, anonymous } = controller;
  const { id } = await newTarget({ address: '127.0.0.1' });
  const { value } = await create({ destination_id: id });
  const read = await user.call('TargetService/GetTarget', { id: value.toUpperCase() });
  expect(read.item).toMatchObject({ id, aliases: [{ value }] });
  expect(await anonymous.refusal('TargetService/GetTarget', { id: value })).toMatchObject({ status: 401 });
  const change = { id: value, item: { version: 1, description: 'd' }, update_mask: ['description'] };
  expect((await admin.call('TargetService/UpdateTarget', change)).item).toMatchObject({ id, version: 2 });
  const sources = { id: value, version: 2, host_source_ids: [] };
  expect((await admin.call('TargetService/SetTargetHostSources', sources)).item).toMatchObject({ id });
  await admin.call('TargetService/DeleteTarget', { id: value });
  expect(await admin.refusal('TargetService/GetTarget', { id: value })).toMatchObject({
    status: 404,
    message: 'Resource not found.',
  });
});

test('unknown aliases and those that lead nowhere are not found', async () => {
  const { value } = await create();
  for (const id of [value, 'unknown.example', 'a\u0000b', "'; drop table aliases"]) {
    expect(await controller.admin.refusal('TargetService/GetTarget', { id })).toMatchObject({ status: 404 });
  }
  expect(await controller.admin.refusal('TargetService/GetTarget', { id: '' })).toMatchObject({ status: 400 });
});

test('authorize-session: the host of the alias is used, another one refused; with a scope it is a name', async () => {
  const { value } = await create({ destination_id: DEV.target, ...withHost(DEV.host) });
  const authorize = (more: object) => ({ id: value, ...more });
  const call = (more: object) => controller.admin.call('TargetService/AuthorizeSession', authorize(more));
  await call({});
  await call({ host_id: DEV.host });
  for (const request of authorized.splice(0)) expect(request).toMatchObject({ id: DEV.target, host_id: DEV.host });
  const other = authorize({ host_id: 'hst_0987654321' });
  const refusal = await controller.admin.refusal('TargetService/AuthorizeSession', other);
  expect(Object.keys(fieldsOf(refusal))).toEqual(['host_id']);
  await call({ name: value, scope_id: DEV.project });
  await call({ name: value, scope_name: 'p' });
  expect(authorized.splice(0)).toMatchObject([{ id: value }, { id: value }]);
});

test('a target that is deleted leaves its aliases without destination and host, and lists tell', async () => {
  const { admin } = controller;
  const { id } = await newTarget();
  const alias = await create({ destination_id: id, ...withHost(DEV.host) });
  const list = (list_token = '') => admin.call('AliasService/ListAliases', { scope_id: 'global', list_token });
  const { list_token } = await list();
  await admin.call('TargetService/DeleteTarget', { id });
  const { item } = await admin.call('AliasService/GetAlias', { id: alias.id });
  expect(item.version).toBe(1);
  expect(item.destination_id ?? item.attributes).toBeUndefined();
  const refreshed = await list(list_token);
  expect(refreshed.items[0]).toMatchObject({ id: alias.id, version: 1 });
});

test('a target can be made with aliases, together or not at all', async () => {
  const { admin } = controller;
  const [first, second] = [unused(), unused()];
  const wanted = (value: string) => ({ value, scope_id: 'global' });
  const { id, aliases } = await newTarget({ with_aliases: [wanted(first), wanted(second)] });
  expect(aliases).toMatchObject([{ value: first }, { value: second }]);
  const item = { scope_id: DEV.project, type: 'tcp', name: 'again', attributes: { default_port: 22 } };
  const taken = { item: { ...item, with_aliases: [wanted(unused()), wanted(first)] } };
  expect(await admin.refusal('TargetService/CreateTarget', taken)).toMatchObject({ status: 400 });
  const filter = '"/item/name" == "again"';
  const { items } = await admin.call('TargetService/ListTargets', { scope_id: DEV.project, filter });
  expect(items).toBeUndefined();
  const bad = { item: { ...item, with_aliases: [{ value: '-', attributes: { x: 1 } }] } };
  expect(Object.keys(fieldsOf(await admin.refusal('TargetService/CreateTarget', bad)))).toEqual([
    'with_aliases.attributes',
    'with_aliases.scope_id',
    'with_aliases.value',
  ]);
  const change = { id, item: { version: 1, with_aliases: [wanted(unused())] }, update_mask: ['name'] };
  const refusal = await admin.refusal('TargetService/UpdateTarget', change);
  expect(fieldsOf(refusal)).toHaveProperty('with_aliases', 'This field can only be set at target creation time.');
});

/** A role in a scope with grants for one user. */
async function grant(scope_id: string, grants: string[], userId: string = DEV.user): Promise<void> {
  const { admin } = controller;
  const role = (await admin.call('RoleService/CreateRole', { item: { scope_id } })).item;
  await admin.call('RoleService/AddRoleGrants', { id: role.id, version: 1, grant_strings: grants });
  await admin.call('RoleService/AddRolePrincipals', { id: role.id, version: 2, principal_ids: [userId] });
}

test('rights: 401, 403, and aliases are nowhere but in the global scope', async () => {
  const { admin, user, anonymous } = controller;
  const { id } = await create();
  expect(await user.refusal('AliasService/GetAlias', { id })).toMatchObject({ status: 403 });
  expect(await anonymous.refusal('AliasService/GetAlias', { id })).toMatchObject({ status: 401 });
  expect(await user.refusal('AliasService/ListAliases', { scope_id: 'global' })).toMatchObject({ status: 403 });
  expect(await admin.refusal('AliasService/ListAliases', { scope_id: DEV.org })).toMatchObject({ status: 403 });
  expect(await admin.refusal('AliasService/ListAliases', {})).toMatchObject({ status: 400 });
  await grant(DEV.project, ['type=target;actions=create']);
  const item = { scope_id: DEV.project, type: 'tcp', name: 'mine', attributes: { default_port: 22 } };
  const with_aliases = [{ value: unused(), scope_id: 'global' }];
  const request = { item: { ...item, with_aliases } };
  expect(await user.refusal('TargetService/CreateTarget', request)).toMatchObject({ status: 403 });
  await user.call('TargetService/CreateTarget', { item });
});

test('a user resolves the aliases of the targets it has an action on, and sees nothing more of them', async () => {
  const { admin, user } = controller;
  const alice = (await admin.call('UserService/CreateUser', { item: { scope_id: 'global', name: 'alice' } })).item.id;
  const method = 'UserService/ListResolvableAliases';
  const values = async (id: string, more: object = {}) =>
    ((await admin.call(method, { id, ...more })).items ?? []).map((alias: any) => alias.value);
  const org = (await admin.call('ScopeService/CreateScope', { item: { scope_id: 'global' } })).item.id;
  const project = (await admin.call('ScopeService/CreateScope', { item: { scope_id: org } })).item.id;
  const hidden = await newTarget({
    scope_id: project,
    with_aliases: [{ value: 'hidden.example', scope_id: 'global' }],
  });
  await create({ value: 'nowhere.example' });
  // Every user who is logged in has the actions of the default role.
  expect(await values(alice)).toContain('hidden.example');
  expect(await values(alice)).not.toContain('nowhere.example');
  await sql`delete from role_grants where canonical like '%type=target%'`.execute(controller.deps.db.executor);
  expect(await values(alice)).toEqual([]);
  expect(await values('u_anon')).toEqual([]);
  const { items, ...rest } = await admin.call(method, { id: alice });
  expect([items, rest]).toEqual([undefined, expect.objectContaining({ response_type: 'complete', sort_dir: 'desc' })]);
  const { list_token } = await admin.call(method, { id: DEV.admin });
  await grant(project, [`ids=${hidden.id};actions=no-op`], alice);
  expect(await values(alice)).toEqual(['hidden.example']);
  const { items: shown } = await admin.call(method, { id: alice });
  expect(Object.keys(shown[0]).sort()).toEqual([
    'created_time',
    'destination_id',
    'id',
    'type',
    'updated_time',
    'value',
    'version',
  ]);
  // The token is bound to the rights of the user that it was made for.
  expect(await admin.refusal(method, { id: alice, list_token })).toMatchObject({ kind: 'invalid list token' });
  expect(await admin.refusal(method, { id: 'u_AAAAAAAAAA' })).toMatchObject({ status: 404 });
  expect(fieldsOf(await admin.refusal(method, { id: 'u_recovery' }))).toEqual({
    principal_ids: 'Cannot list resolvable aliases for the recovery user.',
  });
  expect(await user.refusal(method, { id: alice })).toMatchObject({ status: 403 });
  await user.call(method, { id: DEV.user });
});

test('anonymous callers cannot tell an alias that exists from one that does not', async () => {
  const { admin, anonymous } = controller;
  const value = unused();
  await admin.call('AliasService/CreateAlias', {
    item: { scope_id: 'global', type: 'target', value, destination_id: DEV.target },
  });
  const outcome = async (method: string, request: object): Promise<string> => {
    const { status, kind, message } = await anonymous.refusal(method, request);
    return `${status} ${kind} ${message}`;
  };
  const methods: Record<string, object> = {
    GetTarget: {},
    UpdateTarget: { item: { version: 0 }, update_mask: ['nothing'] },
    DeleteTarget: {},
    AddTargetHostSources: { version: 1, host_source_ids: ['no id'] },
    SetTargetHostSources: { version: 1 },
    RemoveTargetHostSources: { version: 1 },
    AddTargetCredentialSources: { version: 1, brokered_credential_source_ids: ['no id'] },
    SetTargetCredentialSources: { version: 1 },
    RemoveTargetCredentialSources: { version: 0 },
  };
  for (const [method, request] of Object.entries(methods)) {
    const [there, nowhere] = await Promise.all(
      [value, unused()].map((id) => outcome(`TargetService/${method}`, { ...request, id })),
    );
    expect([method, nowhere]).toEqual([method, there]);
    expect(there).toMatch(/^401 /);
  }
});
