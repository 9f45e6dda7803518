import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { hostService } from '../hosts/hosts.rpc';
import { scopeService } from '../scopes/scopes.rpc';
import { hostCatalogService } from './host-catalogs.rpc';

let controller: TestController;
let org: string;
let project: string;

beforeAll(async () => {
  controller = await startTestController((deps) => [hostCatalogService(deps), hostService(deps), scopeService(deps)]);
  const scope = async (scope_id: string) =>
    (await controller.admin.call('ScopeService/CreateScope', { item: { scope_id } })).item.id as string;
  org = await scope('global');
  project = await scope(org);
});
afterAll(() => controller.stop());

const create = async (item: object): Promise<any> => {
  const request = { item: { scope_id: project, type: 'static', ...item } };
  return (await controller.admin.call('HostCatalogService/CreateHostCatalog', request)).item;
};

test('create, read, update, clear, delete', async () => {
  const { admin } = controller;
  const made = await create({ name: 'cat', description: 'A catalog' });
  expect(made).toEqual({
    id: expect.stringMatching(/^hcst_[0-9A-Za-z]{10}$/),
    scope_id: project,
    scope: { id: project, type: 'project', parent_scope_id: org },
    name: 'cat',
    description: 'A catalog',
    created_time: expect.any(String),
    updated_time: made.created_time,
    version: 1,
    type: 'static',
    authorized_actions: ['no-op', 'read', 'update', 'delete'],
    authorized_collection_actions: { hosts: ['create', 'list'], 'host-sets': ['create', 'list'] },
  });
  expect((await admin.call('HostCatalogService/GetHostCatalog', { id: made.id })).item).toEqual(made);
  const update = { id: made.id, item: { version: 1, name: 'cat2' }, update_mask: ['name', 'description', 'id'] };
  const { item } = await admin.call('HostCatalogService/UpdateHostCatalog', update);
  expect(item).toMatchObject({ name: 'cat2', version: 2 });
  expect(item.description).toBeUndefined();
  expect(await admin.refusal('HostCatalogService/UpdateHostCatalog', update)).toMatchObject({
    status: 404,
    message: `Host Catalog "${made.id}" doesn't exist or incorrect version provided.`,
  });
  await admin.call('HostCatalogService/DeleteHostCatalog', { id: made.id });
  expect(await admin.refusal('HostCatalogService/GetHostCatalog', { id: made.id })).toMatchObject({ status: 404 });
});

const NO_PLUGIN = 'There is no such plugin: this controller runs none. Use a catalog of type "static".';
const NO_FILTER = 'Worker Filter field is not supported in OSS';

test.each([
  [{ type: '' }, { type: 'This is a required field and must be either "static" or "plugin".' }],
  [{ type: 'nope' }, { type: 'This is a required field and must be either "static" or "plugin".' }],
  [{ scope_id: DEV.org }, { scope_id: 'This field must be a valid project scope id.' }],
  [{ scope_id: 'p_\u0000' }, { scope_id: 'This field must be a valid project scope id.' }],
  [{ name: ' ' }, { name: 'Cannot set empty string as name' }],
  [
    { type: 'plugin' },
    {
      plugin_id: 'This or plugin name is a required field.',
      plugin_name: 'This or plugin id is a required field.',
    },
  ],
  [{ type: 'plugin', plugin_id: 'pl_1234567890' }, { plugin_id: NO_PLUGIN }],
  [{ type: 'plugin', worker_filter: '"a" in "/tags/b"' }, { plugin_name: NO_PLUGIN, worker_filter: NO_FILTER }, 'aws'],
  [
    { type: 'plugin', plugin_id: 'pl_1234567890' },
    {
      plugin_id: "Can't set the plugin name field along with this field.",
      plugin_name: "Can't set the plugin id field along with this field.",
    },
    'aws',
  ],
])('create refuses %j', async (item, fields, plugin_name: string | undefined = '') => {
  const request = { item: { scope_id: project, type: 'static', ...item }, plugin_name };
  const refusal = await controller.admin.refusal('HostCatalogService/CreateHostCatalog', request);
  expect(refusal).toMatchObject({ status: 400, message: 'Error in provided request.' });
  expect(fieldsOf(refusal)).toEqual(fields);
});

test('update refuses another type and a worker filter', async () => {
  const { admin } = controller;
  const { id } = await create({});
  const type = { id, item: { version: 1, type: 'plugin' }, update_mask: ['type'] };
  expect(fieldsOf(await admin.refusal('HostCatalogService/UpdateHostCatalog', type))).toEqual({
    type: 'Cannot modify resource type.',
  });
  const filter = { id, item: { version: 1, worker_filter: 'x' }, update_mask: ['worker_filter'] };
  expect(await admin.refusal('HostCatalogService/UpdateHostCatalog', filter)).toMatchObject({
    message: 'Error in provided request',
    details: { request_fields: [{ name: 'update_mask', description: 'Invalid update mask provided.' }] },
  });
  const none = await admin.refusal('HostCatalogService/UpdateHostCatalog', { id: 'x' });
  expect(Object.keys(fieldsOf(none))).toEqual(['id', 'update_mask', 'version']);
});

test('list: a project, or recursively from above; only with rights', async () => {
  const { admin, user, anonymous } = controller;
  const { id } = await create({ name: 'listed' });
  const filter = '"/item/name" == "listed"';
  const ids = async (request: object) =>
    (await admin.call('HostCatalogService/ListHostCatalogs', { filter, ...request })).items.map((i: any) => i.id);
  expect(await ids({ scope_id: project })).toEqual([id]);
  for (const scope_id of [org, 'global']) expect(await ids({ scope_id, recursive: true })).toEqual([id]);
  for (const request of [{ scope_id: org }, {}, { recursive: true }, { scope_id: 'x', recursive: true }]) {
    const refusal = await admin.refusal('HostCatalogService/ListHostCatalogs', request);
    expect(refusal).toMatchObject({ status: 400, message: 'Improperly formatted identifier.' });
    expect(fieldsOf(refusal)).toEqual({
      scope_id: 'This field must be a valid project scope ID or the list operation must be recursive.',
    });
  }
  const unknown = { scope_id: 'p_AAAAAAAAAA' };
  expect(await admin.refusal('HostCatalogService/ListHostCatalogs', unknown)).toMatchObject({ status: 404 });
  const request = { scope_id: project };
  expect(await user.refusal('HostCatalogService/ListHostCatalogs', request)).toMatchObject({ status: 403 });
  expect(await anonymous.refusal('HostCatalogService/ListHostCatalogs', request)).toMatchObject({ status: 401 });
  const nonsense = await admin.refusal('HostCatalogService/ListHostCatalogs', { ...request, filter: 'nonsense' });
  expect(nonsense).toMatchObject({ status: 400, message: 'Improperly formatted identifier.' });
  expect(fieldsOf(nonsense)['filter']).toMatch(/^This field could not be parsed/);
});
