import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { hostCatalogService } from '../host-catalogs/host-catalogs.rpc';
import { hostSetService } from '../host-sets/host-sets.rpc';
import { roleService } from '../roles/roles.rpc';
import { hostService } from './hosts.rpc';

let controller: TestController;
let catalog: string;

beforeAll(async () => {
  controller = await startTestController((deps) => [
    hostService(deps),
    hostCatalogService(deps),
    hostSetService(deps),
    roleService(deps),
  ]);
  const item = { scope_id: DEV.project, type: 'static' };
  catalog = (await controller.admin.call('HostCatalogService/CreateHostCatalog', { item })).item.id;
});
afterAll(() => controller.stop());

const create = async (address: string, item: object = {}): Promise<any> => {
  const request = { item: { host_catalog_id: catalog, attributes: { address }, ...item } };
  return (await controller.admin.call('HostService/CreateHost', request)).item;
};

test('create, read, update, delete', async () => {
  const { admin } = controller;
  const made = await create('127.0.0.1', { name: 'h1', description: 'A host' });
  expect(made).toEqual({
    id: expect.stringMatching(/^hst_[0-9A-Za-z]{10}$/),
    host_catalog_id: catalog,
    scope: expect.objectContaining({ id: DEV.project, parent_scope_id: DEV.org }),
    name: 'h1',
    description: 'A host',
    created_time: expect.any(String),
    updated_time: made.created_time,
    version: 1,
    type: 'static',
    attributes: { address: '127.0.0.1' },
    authorized_actions: ['no-op', 'read', 'update', 'delete'],
  });
  expect((await admin.call('HostService/GetHost', { id: made.id })).item).toEqual(made);
  const update = { id: made.id, item: { version: 1, attributes: { address: ' ::1 ' } } };
  const changed = await admin.call('HostService/UpdateHost', { ...update, update_mask: ['attributes.address'] });
  expect(changed.item).toMatchObject({ attributes: { address: '::1' }, version: 2, name: 'h1' });
  const renamed = await admin.call('HostService/UpdateHost', {
    id: made.id,
    item: { version: 2, name: 'tmp' },
    update_mask: ['name'],
  });
  expect(renamed.item).toMatchObject({ attributes: { address: '::1' }, version: 3, name: 'tmp' });
  const stale = { ...update, update_mask: ['attributes'] };
  expect(await admin.refusal('HostService/UpdateHost', stale)).toMatchObject({
    status: 404,
    message: `Host "${made.id}" doesn't exist or incorrect version provided.`,
  });
  await admin.call('HostService/DeleteHost', { id: made.id });
  expect(await admin.refusal('HostService/GetHost', { id: made.id })).toMatchObject({ status: 404 });
});

test.each([
  ['db.example.org', 'db.example.org'],
  ['::1', '::1'],
  ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['fe80:0::1%eth0', 'fe80::1%eth0'],
  ['under_score.example', 'under_score.example'],
  ['bücher.example', 'bücher.example'],
  ['a'.repeat(255), 'a'.repeat(255)],
])('address %s is stored as %s', async (given, stored) => {
  expect((await create(given)).attributes).toEqual({ address: stored });
});

const LENGTH = 'Address length must be between 3 and 255 characters.';
const PORT = 'Address for static hosts does not support a port.';
const FORM = 'Address must be an IP address (IPv6 without brackets) or a host name.';

test.each([
  ['', LENGTH],
  ['  a  ', LENGTH],
  ['a'.repeat(256), LENGTH],
  ['127.0.0.1:22', PORT],
  ['x.example:', PORT],
  ['[::1]:22', PORT],
  ['[::1]', FORM],
  ['1::2::3', FORM],
  ['a b.example', FORM],
  ['http://example.org', FORM],
  ['a@b.example', FORM],
  ['abc\u0000', FORM],
])('address %j is refused', async (address, reason) => {
  const { admin } = controller;
  const item = { host_catalog_id: catalog, attributes: { address } };
  expect(fieldsOf(await admin.refusal('HostService/CreateHost', { item }))).toEqual({ 'attributes.address': reason });
  const update = { id: DEV.host, item: { version: 1, attributes: { address } }, update_mask: ['attributes.address'] };
  expect(fieldsOf(await admin.refusal('HostService/UpdateHost', update))).toEqual({ 'attributes.address': reason });
});

test.each([
  [{ attributes: undefined }, { 'attributes.address': LENGTH }],
  [{ attributes: { address: null } }, { 'attributes.address': LENGTH }],
  [{ attributes: { address: 5 } }, { attributes: 'Attribute fields do not match the expected format.' }],
  [{ attributes: { address: 'a.b', port: 2 } }, { attributes: 'Attribute fields do not match the expected format.' }],
  [{ attributes: { constructor: 'x' } }, { attributes: 'Attribute fields do not match the expected format.' }],
  [{ type: 'plugin' }, { type: "Doesn't match the parent resource's type." }],
  [{ dns_names: ['x'] }, { dns_names: 'This field is not supported for this host type.' }],
  [{ ip_addresses: ['::1'] }, { ip_addresses: 'This field is not supported for this host type.' }],
  [{ host_catalog_id: '' }, { host_catalog_id: 'The field is incorrectly formatted.' }],
  [
    { host_catalog_id: 'hcplg_1234567890' },
    { host_catalog_id: 'Cannot manually create hosts for this type of catalog.' },
  ],
])('create refuses %j', async (item, fields) => {
  const request = { item: { host_catalog_id: catalog, attributes: { address: '127.0.0.1' }, ...item } };
  expect(fieldsOf(await controller.admin.refusal('HostService/CreateHost', request))).toEqual(fields);
});

test('create: unknown catalog, names twice in a catalog', async () => {
  const { admin } = controller;
  await create('127.0.0.1', { name: 'twice' });
  const item = { host_catalog_id: catalog, name: 'twice', attributes: { address: '127.0.0.1' } };
  expect(await admin.refusal('HostService/CreateHost', { item })).toMatchObject({
    status: 400,
    message: expect.stringContaining('must be unique'),
  });
  const elsewhere = { ...item, host_catalog_id: 'hcst_AAAAAAAAAA' };
  expect(await admin.refusal('HostService/CreateHost', { item: elsewhere })).toMatchObject({ status: 404 });
});

test('update refuses a cleared address, another type, and a mask without fields', async () => {
  const { admin } = controller;
  const { id } = await create('127.0.0.1');
  const refusal = (item: object, update_mask: string[]) =>
    admin.refusal('HostService/UpdateHost', { id, item: { version: 1, ...item }, update_mask });
  for (const mask of ['attributes', 'attributes.address']) {
    expect(fieldsOf(await refusal({}, [mask]))).toEqual({ 'attributes.address': LENGTH });
  }
  expect(fieldsOf(await refusal({ type: 'plugin' }, ['type']))).toEqual({ type: 'Cannot modify the resource type.' });
  const none = 'No valid fields provided in the update mask.';
  expect(fieldsOf(await refusal({}, ['attributes.port', 'host_set_ids']))).toEqual({ update_mask: none });
});

test('a host shows its sets', async () => {
  const { item } = await controller.admin.call('HostService/GetHost', { id: DEV.host });
  expect(item.host_set_ids).toEqual([DEV.hostSet]);
});

test('list: filter on attributes, parent and rights', async () => {
  const { admin, user, anonymous } = controller;
  const { id } = await create('listed.example');
  const request = { host_catalog_id: catalog, filter: '"/item/attributes/address" == "listed.example"' };
  expect((await admin.call('HostService/ListHosts', request)).items).toMatchObject([{ id }]);
  for (const host_catalog_id of ['', 'p_1234567890', 'hcst_\u0000']) {
    const refusal = await admin.refusal('HostService/ListHosts', { host_catalog_id });
    expect(refusal).toMatchObject({ status: 400, message: 'Improperly formatted identifier.' });
    expect(fieldsOf(refusal)).toEqual({ host_catalog_id: 'The field is incorrectly formatted.' });
  }
  const unknown = { host_catalog_id: 'hcst_AAAAAAAAAA' };
  expect(await admin.refusal('HostService/ListHosts', unknown)).toMatchObject({ status: 404 });
  expect(await user.refusal('HostService/ListHosts', request)).toMatchObject({ status: 403 });
  expect(await anonymous.refusal('HostService/ListHosts', request)).toMatchObject({ status: 401 });
});

test('a grant on the catalog reaches its hosts, and no others', async () => {
  const { admin, user } = controller;
  const { item: role } = await admin.call('RoleService/CreateRole', { item: { scope_id: DEV.project } });
  const grant_strings = [`ids=${DEV.hostCatalog};type=host;actions=list,read`];
  await admin.call('RoleService/AddRoleGrants', { id: role.id, version: 1, grant_strings });
  await admin.call('RoleService/AddRolePrincipals', { id: role.id, version: 2, principal_ids: [DEV.user] });
  const { items } = await user.call('HostService/ListHosts', { host_catalog_id: DEV.hostCatalog });
  expect(items).toMatchObject([{ id: DEV.host, authorized_actions: ['read'] }]);
  const { id } = await create('127.0.0.1');
  expect(await user.refusal('HostService/GetHost', { id })).toMatchObject({ status: 403 });
  expect(await user.refusal('HostService/DeleteHost', { id: DEV.host })).toMatchObject({ status: 403 });
});

test('deleting the catalog deletes its hosts', async () => {
  const { admin } = controller;
  const item = { scope_id: DEV.project, type: 'static' };
  const { id } = (await admin.call('HostCatalogService/CreateHostCatalog', { item })).item;
  const host = await create('127.0.0.1', { host_catalog_id: id });
  await admin.call('HostCatalogService/DeleteHostCatalog', { id });
  expect(await admin.refusal('HostService/GetHost', { id: host.id })).toMatchObject({ status: 404 });
  expect(await admin.refusal('HostService/ListHosts', { host_catalog_id: id })).toMatchObject({ status: 404 });
});
