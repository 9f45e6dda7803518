import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { ApiError } from '../../../lib/errors/errors';
import { row, sql } from '../db/db';
import { hostCatalogService } from '../host-catalogs/host-catalogs.rpc';
import { hostSetService } from '../host-sets/host-sets.rpc';
import { scopeService } from '../scopes/scopes.rpc';
import { targetService } from './targets.rpc';

let controller: TestController;
let sets: string[];

beforeAll(async () => {
  controller = await startTestController((deps) => [
    targetService(deps, () => Promise.reject(new ApiError('Unimplemented', 'no sessions here'))),
    hostSetService(deps),
    hostCatalogService(deps),
    scopeService(deps),
  ]);
  sets = [];
  for (let i = 0; i < 2; i++) {
    const item = { host_catalog_id: DEV.hostCatalog };
    sets.push((await controller.admin.call('HostSetService/CreateHostSet', { item })).item.id);
  }
});
afterAll(() => controller.stop());

let made = 0;
const valid = (item: object = {}) => ({
  scope_id: DEV.project,
  type: 'tcp',
  name: `t${made++}`,
  attributes: { default_port: 22 },
  ...item,
});
const create = async (item: object = {}): Promise<any> =>
  (await controller.admin.call('TargetService/CreateTarget', { item: valid(item) })).item;
const update = async (id: string, item: object, update_mask: string[]): Promise<any> =>
  (await controller.admin.call('TargetService/UpdateTarget', { id, item, update_mask })).item;
const refusedUpdate = (id: string, item: object, update_mask: string[]) =>
  controller.admin.refusal('TargetService/UpdateTarget', { id, item, update_mask });
const sources = (verb: 'Add' | 'Set' | 'Remove', id: string, version: number, host_source_ids: string[]) =>
  [`TargetService/${verb}TargetHostSources`, { id, version, host_source_ids }] as const;

const ACTIONS = [
  'no-op',
  'read',
  'update',
  'delete',
  'add-host-sources',
  'set-host-sources',
  'remove-host-sources',
  'add-credential-sources',
  'set-credential-sources',
  'remove-credential-sources',
  'authorize-session',
];

test('a new target has the defaults, and nothing that older clients do not know', async () => {
  const target = await create({ name: ' plain ' });
  expect(target).toEqual({
    id: expect.stringMatching(/^ttcp_[0-9A-Za-z]{10}$/),
    scope_id: DEV.project,
    scope: expect.objectContaining({ id: DEV.project, type: 'project', parent_scope_id: DEV.org }),
    name: 'plain',
    created_time: expect.any(String),
    updated_time: target.created_time,
    version: 1,
    type: 'tcp',
    address: '',
    session_max_seconds: 28800,
    session_connection_limit: -1,
    attributes: { default_port: 22 },
    authorized_actions: ACTIONS,
  });
  const read = await controller.admin.call('TargetService/GetTarget', { id: target.id });
  expect(read.item).toEqual(target);
});

const EVERYTHING = {
  description: 'd',
  address: '2001:DB8:0::1',
  session_max_seconds: 60,
  session_connection_limit: 3,
  session_concurrent_connection_limit: 2,
  offline_grace_seconds: 0,
  end_sessions_on_token_expiry: true,
  egress_worker_filter: '"dev" in "/tags/type"',
};

test('all fields are kept, and numbers may be texts', async () => {
  const target = await create({ ...EVERYTHING, attributes: { default_port: '5432', default_client_port: 15432 } });
  const attributes = { default_port: 5432, default_client_port: 15432 };
  expect(target).toMatchObject({ ...EVERYTHING, address: '2001:db8::1', attributes });
});

test('clearing brings the defaults back', async () => {
  const { id } = await create({ ...EVERYTHING, attributes: { default_port: 22, default_client_port: 22022 } });
  const cleared = await update(id, { version: 1, attributes: { default_port: 23 } }, [
    ...Object.keys(EVERYTHING),
    'attributes',
  ]);
  const plain = await create();
  const { id: _1, name: _2, created_time: _3, updated_time: _4, ...rest } = plain;
  expect(cleared).toMatchObject({ ...rest, version: 2, attributes: { default_port: 23 } });
  expect(Object.keys(cleared).sort()).toEqual(Object.keys(plain).sort());
  expect(cleared.attributes).toEqual({ default_port: 23 });
});

const POSITIVE = 'This must be greater than zero.';
const LIMIT = 'This must be -1 (unlimited) or greater than zero.';
const LENGTH = 'Address length must be between 3 and 255 characters.';
const FORMAT = 'Attribute fields do not match the expected format.';
const EGRESS = 'Unable to successfully parse egress filter expression.';
const OLD_FILTER = 'This field is deprecated. Use egress_worker_filter instead.';

test.each([
  [{ name: undefined }, { name: 'This field is required.' }],
  [{ name: '  ' }, { name: 'This field is required.' }],
  [{ name: 'a\u0001' }, { name: 'Name contains unprintable characters' }],
  [{ type: '' }, { type: 'Unknown type provided.' }],
  [{ type: 'ssh', attributes: undefined }, { type: 'Unknown type provided.' }],
  [{ scope_id: DEV.org }, { scope_id: 'This field is required to have a properly formatted project scope id.' }],
  [{ attributes: undefined }, { 'attributes.default_port': 'This field is required.' }],
  [{ attributes: { default_port: null } }, { 'attributes.default_port': 'This field is required.' }],
  [{ attributes: { default_port: 0 } }, { 'attributes.default_port': 'This field cannot be set to zero.' }],
  [
    { attributes: { default_port: 65536, default_client_port: '0' } },
    {
      'attributes.default_port': 'Value is greater than maximum port number.',
      'attributes.default_client_port': 'This field cannot be set to zero.',
    },
  ],
  [{ attributes: { default_port: 22.5 } }, { attributes: FORMAT }],
  [{ attributes: { default_port: '22x' } }, { attributes: FORMAT }],
  [{ attributes: { default_port: -22 } }, { attributes: FORMAT }],
  [{ attributes: { default_port: [22] } }, { attributes: FORMAT }],
  [{ attributes: { default_port: 22, toString: 'x' } }, { attributes: FORMAT }],
  [{ address: '' }, { address: LENGTH }],
  [{ address: 'a.example:22' }, { address: 'Address does not support a port.' }],
  [{ session_max_seconds: 0 }, { session_max_seconds: POSITIVE }],
  [{ session_max_seconds: 4_294_967_295 }, { session_max_seconds: 'This must be at most 2147483647.' }],
  [{ offline_grace_seconds: 4_294_967_295 }, { offline_grace_seconds: 'This must be at most 2147483647.' }],
  [{ session_connection_limit: 0 }, { session_connection_limit: LIMIT }],
  [{ session_connection_limit: -2 }, { session_connection_limit: LIMIT }],
  [{ session_concurrent_connection_limit: 0 }, { session_concurrent_connection_limit: LIMIT }],
  [{ egress_worker_filter: 'nope' }, { egress_worker_filter: EGRESS }],
  [{ egress_worker_filter: '' }, { egress_worker_filter: EGRESS }],
  [{ egress_worker_filter: '"/name" == "\u0000"' }, { egress_worker_filter: EGRESS }],
  [{ ingress_worker_filter: 'x' }, { ingress_worker_filter: 'Ingress Worker Filter field is not supported in OSS' }],
  [{ worker_filter: '"/name" == "w"' }, { worker_filter: OLD_FILTER }],
])('create refuses %j', async (item, fields) => {
  const refusal = await controller.admin.refusal('TargetService/CreateTarget', { item: valid(item) });
  expect(refusal).toMatchObject({ status: 400, kind: 'InvalidArgument', message: 'Error in provided request.' });
  expect(fieldsOf(refusal)).toEqual(fields);
});

test.each([
  [{}, ['name'], { name: 'This field cannot be set to empty.' }],
  [{ name: '' }, ['name'], { name: 'This field cannot be set to empty.' }],
  [{ type: 'ssh' }, ['type'], { type: 'Cannot modify the resource type.' }],
  [
    { attributes: { default_port: 0 } },
    ['attributes.default_port'],
    { 'attributes.default_port': 'This cannot be set to zero.' },
  ],
  [{}, ['attributes'], { 'attributes.default_port': 'This field is required.' }],
  [{ attributes: { x: 1 } }, ['attributes.x'], { attributes: FORMAT }],
  [{ address: 'ab' }, ['address'], { address: LENGTH }],
  [{ session_max_seconds: 0 }, ['session_max_seconds'], { session_max_seconds: POSITIVE }],
  [{ session_connection_limit: 0 }, ['session_connection_limit'], { session_connection_limit: LIMIT }],
  [{ egress_worker_filter: '(' }, ['egress_worker_filter'], { egress_worker_filter: EGRESS }],
  [{ worker_filter: '(' }, ['worker_filter'], { worker_filter: 'Unable to successfully parse filter expression.' }],
  [{ worker_filter: '"/name" == "w"' }, ['worker_filter'], { worker_filter: OLD_FILTER }],
  [{ id: 'x' }, ['id'], { id: 'This is a read only field and cannot be specified in an update request.' }],
  [{}, ['host_source_ids', 'constructor'], { update_mask: 'No valid paths provided in the update mask.' }],
  [{ version: 0 }, [], { version: 'Existing resource version is required for an update.' }],
  [{}, [], { update_mask: 'No valid paths provided in the update mask.' }],
])('update refuses %j with the mask %j', async (item, mask, fields) => {
  const refusal = await refusedUpdate(DEV.target, { version: 1, ...item }, mask);
  expect(refusal).toMatchObject({ status: 400, kind: 'InvalidArgument' });
  expect(fieldsOf(refusal)).toEqual(fields);
});

test('update: a mask is required', async () => {
  const request = { id: DEV.target, item: { version: 1, name: 'x' } };
  expect(fieldsOf(await controller.admin.refusal('TargetService/UpdateTarget', request))).toEqual({
    update_mask: 'UpdateMask not provided but is required to update this resource.',
  });
});

test('update: one field leaves the others, versions, what the mask does not name', async () => {
  const { id, name } = await create({ description: 'd', address: 'a.example' });
  const changed = await update(id, { version: 1, description: 'e', address: 'ignored.example' }, ['description']);
  expect(changed).toMatchObject({ name, version: 2, description: 'e', address: 'a.example' });
  for (const version of [1, 3, 4_294_967_295]) {
    expect(await refusedUpdate(id, { version, name: 'x' }, ['name'])).toEqual({
      status: 404,
      kind: 'NotFound',
      message: `Target "${id}" not found or incorrect version provided.`,
    });
  }
});

test('names are unique in the project', async () => {
  const { id, name } = await create();
  const twice = { status: 400, kind: 'InvalidArgument', message: expect.stringContaining('must be unique') };
  const item = valid({ name });
  expect(await controller.admin.refusal('TargetService/CreateTarget', { item })).toMatchObject(twice);
  const other = await create();
  expect(await refusedUpdate(other.id, { version: 1, name }, ['name'])).toMatchObject(twice);
  await create({ name: name.toUpperCase() });
  expect(await update(id, { version: 1, name }, ['name'])).toMatchObject({ version: 1 });
});

test('an egress filter replaces a deprecated one, which can be changed while it is there', async () => {
  const { id } = await create();
  const old = '"/name" == "old"';
  await sql`update targets set worker_filter = ${old} where id = ${id}`.execute(controller.deps.db.executor);
  const changed = await update(id, { version: 1, worker_filter: '"/name" == "new"' }, ['worker_filter']);
  expect(changed.worker_filter).toBe('"/name" == "new"');
  const replaced = await update(id, { version: 2, egress_worker_filter: old }, ['egress_worker_filter']);
  expect(replaced).toMatchObject({ egress_worker_filter: old, version: 3 });
  expect(replaced.worker_filter).toBeUndefined();
});

test('add, set and remove host sources; lists leave them out', async () => {
  const { admin } = controller;
  const { id, name } = await create();
  const [a, b] = sets as [string, string];
  const call = async (...args: Parameters<typeof sources>) => (await admin.call(...sources(...args))).item;
  expect(await call('Add', id, 1, [a, a])).toMatchObject({
    version: 2,
    host_source_ids: [a],
    host_sources: [{ id: a, host_catalog_id: DEV.hostCatalog }],
  });
  expect(await call('Set', id, 2, [a, b])).toMatchObject({ version: 3, host_source_ids: [a, b] });
  expect(await call('Set', id, 3, [b, a])).toMatchObject({ version: 3, host_source_ids: [a, b] });
  const { items } = await admin.call('TargetService/ListTargets', {
    scope_id: DEV.project,
    filter: `"/item/name" == "${name}"`,
  });
  expect(items).toMatchObject([{ id, address: '', session_max_seconds: 28800, session_connection_limit: -1 }]);
  expect(items[0].host_source_ids).toBeUndefined();
  expect(items[0].host_sources).toBeUndefined();
  expect(await call('Remove', id, 3, [b])).toMatchObject({ version: 4, host_source_ids: [a] });
  const emptied = await call('Set', id, 4, []);
  expect(emptied.version).toBe(5);
  expect(emptied.host_source_ids).toBeUndefined();
});

async function setOfAnotherProject(): Promise<string> {
  const { admin } = controller;
  const project = (await admin.call('ScopeService/CreateScope', { item: { scope_id: DEV.org } })).item;
  const catalog = { scope_id: project.id, type: 'static' };
  const { id } = (await admin.call('HostCatalogService/CreateHostCatalog', { item: catalog })).item;
  return (await admin.call('HostSetService/CreateHostSet', { item: { host_catalog_id: id } })).item.id;
}

test('edits of host sources that cannot be done change nothing', async () => {
  const { admin } = controller;
  const { id } = await create();
  const [a, b] = sets as [string, string];
  await admin.call(...sources('Add', id, 1, [a]));
  const foreign = await setOfAnotherProject();
  const refusal = (...args: Parameters<typeof sources>) => admin.refusal(...sources(...args));
  expect(await refusal('Add', id, 2, [a, b])).toMatchObject({ status: 400 });
  expect(await refusal('Add', id, 2, [b, 'hsst_AAAAAAAAAA'])).toMatchObject({ status: 400 });
  expect(await refusal('Add', id, 2, [foreign])).toMatchObject({ status: 400 });
  expect(await refusal('Remove', id, 2, [a, b])).toMatchObject({ status: 400 });
  expect(await refusal('Add', id, 1, [b])).toMatchObject({ status: 404 });
  expect((await admin.call('TargetService/GetTarget', { id })).item).toMatchObject({
    version: 2,
    host_source_ids: [a],
  });
});

test.each([
  [['hst_1234567890'], 1, { host_source_ids: 'Incorrectly formatted host source identifier "hst_1234567890".' }],
  [[], 1, { host_source_ids: 'Must be non-empty.' }],
  [['hsst_1234567890'], 0, { version: 'Required field.' }],
])('adding %j at version %d is refused', async (ids, version, fields) => {
  const refusal = await controller.admin.refusal(...sources('Add', DEV.target, version, ids));
  expect(refusal).toMatchObject({ status: 400, message: 'Errors in provided fields.' });
  expect(fieldsOf(refusal)).toEqual(fields);
});

test('an address and host sources exclude each other, however they meet', async () => {
  const { admin, deps } = controller;
  const [a] = sets as [string, string];
  const conflict = { status: 400, kind: 'FailedPrecondition' };
  const withAddress = await create({ address: '127.0.0.1' });
  for (const verb of ['Add', 'Set'] as const) {
    expect(await admin.refusal(...sources(verb, withAddress.id, 1, [a]))).toMatchObject(conflict);
  }
  const withSource = await create();
  await admin.call(...sources('Add', withSource.id, 1, [a]));
  const address = { address: '127.0.0.1' };
  expect(await refusedUpdate(withSource.id, { version: 2, ...address }, ['address'])).toMatchObject(conflict);
  const raced = await create();
  const outcomes = await Promise.allSettled([
    admin.call(...sources('Add', raced.id, 1, [a])),
    update(raced.id, { version: 1, ...address }, ['address']),
  ]);
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  const stored = await row<{ address: string | null; sources: number; version: number }>(
    deps.db.executor,
    sql`select address, version, (select count(*)::int from target_host_sets where target_id = t.id) as sources
        from targets t where id = ${raced.id}`,
  );
  expect(stored!.version).toBe(2);
  expect((stored!.address === null ? 0 : 1) + stored!.sources).toBe(1);
});

test('deleting a host set takes it from its targets', async () => {
  const { admin } = controller;
  const item = { host_catalog_id: DEV.hostCatalog };
  const set = (await admin.call('HostSetService/CreateHostSet', { item })).item.id;
  const { id } = await create();
  await admin.call(...sources('Add', id, 1, [set]));
  await admin.call('HostSetService/DeleteHostSet', { id: set });
  const target = (await admin.call('TargetService/GetTarget', { id })).item;
  expect(target).toMatchObject({ version: 2 });
  expect(target.host_source_ids).toBeUndefined();
});

test('ids: aliases are not found, others are malformed or unknown', async () => {
  const { admin } = controller;
  expect(await admin.refusal('TargetService/GetTarget', { id: 'nope' })).toMatchObject({ status: 404 });
  expect(await admin.refusal('TargetService/DeleteTarget', { id: 'a.example' })).toMatchObject({ status: 404 });
  expect(await admin.refusal('TargetService/GetTarget', { id: 'ttcp_AAAAAAAAAA' })).toEqual({
    status: 404,
    kind: 'NotFound',
    message: 'Resource not found.',
  });
  expect(fieldsOf(await admin.refusal('TargetService/GetTarget', { id: 'x_1' }))).toEqual({
    id: 'Invalid formatted identifier.',
  });
  expect(fieldsOf(await admin.refusal('TargetService/DeleteTarget', { id: 'ttcp_\u0000' }))).toEqual({
    id: 'Incorrectly formatted identifier.',
  });
  const { id } = await create();
  await admin.call('TargetService/DeleteTarget', { id });
  expect(await admin.refusal('TargetService/DeleteTarget', { id })).toMatchObject({ status: 404 });
});

test('rights: users who are logged in see targets and open sessions, nothing more', async () => {
  const { user, anonymous } = controller;
  const { item } = await user.call('TargetService/GetTarget', { id: DEV.target });
  expect(item.authorized_actions.sort()).toEqual(['authorize-session', 'read']);
  const change = { id: DEV.target, item: { version: 1, name: 'x' }, update_mask: ['name'] };
  expect(await user.refusal('TargetService/UpdateTarget', change)).toMatchObject({ status: 403 });
  expect(await user.refusal('TargetService/CreateTarget', { item: valid() })).toMatchObject({ status: 403 });
  expect(await anonymous.refusal('TargetService/GetTarget', { id: DEV.target })).toMatchObject({ status: 401 });
  const scope = { scope_id: DEV.project };
  expect(await anonymous.refusal('TargetService/ListTargets', scope)).toMatchObject({ status: 401 });
  const all = { scope_id: 'global', recursive: true };
  expect(await anonymous.refusal('TargetService/ListTargets', all)).toMatchObject({ status: 403 });
  const { items } = await user.call('TargetService/ListTargets', all);
  expect(items.length).toBeGreaterThan(1);
});

test('pages, and what changed since', async () => {
  const { admin } = controller;
  const names = ['page-1', 'page-2', 'page-3'];
  const ids: string[] = [];
  for (const name of names) ids.unshift((await create({ name })).id);
  const list = (list_token = '') =>
    admin.call('TargetService/ListTargets', {
      scope_id: DEV.project,
      filter: '"/item/name" matches "^page-"',
      page_size: 2,
      list_token,
    });
  const first = await list();
  expect(first).toMatchObject({ response_type: 'delta', sort_by: 'created_time', sort_dir: 'desc' });
  const second = await list(first.list_token);
  expect(second.response_type).toBe('complete');
  expect([...first.items, ...second.items].map((item: any) => item.id)).toEqual(ids);
  await admin.call('TargetService/DeleteTarget', { id: ids[2] });
  await update(ids[0]!, { version: 1, description: 'new' }, ['description']);
  const refreshed = await list(second.list_token);
  expect(refreshed.sort_by).toBe('updated_time');
  expect(refreshed.items[0]).toMatchObject({ id: ids[0], description: 'new' });
  expect(refreshed.removed_ids).toContain(ids[2]);
});
