import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { hostCatalogService } from '../host-catalogs/host-catalogs.rpc';
import { hostService } from '../hosts/hosts.rpc';
import { hostSetService } from './host-sets.rpc';

let controller: TestController;
let catalog: string;
let hosts: string[];

beforeAll(async () => {
  controller = await startTestController((deps) => [hostSetService(deps), hostService(deps), hostCatalogService(deps)]);
  const { admin } = controller;
  const item = { scope_id: DEV.project, type: 'static' };
  catalog = (await admin.call('HostCatalogService/CreateHostCatalog', { item })).item.id;
  const host = { host_catalog_id: catalog, attributes: { address: '127.0.0.1' } };
  hosts = [];
  for (let i = 0; i < 3; i++) hosts.push((await admin.call('HostService/CreateHost', { item: host })).item.id);
  // Answers show the order of adding, not that of the ids.
  hosts.sort().reverse();
});
afterAll(() => controller.stop());

const create = async (item: object = {}): Promise<any> =>
  (await controller.admin.call('HostSetService/CreateHostSet', { item: { host_catalog_id: catalog, ...item } })).item;
const edit = (verb: 'Add' | 'Set' | 'Remove', id: string, version: number, host_ids: string[]) =>
  [`HostSetService/${verb}HostSetHosts`, { id, version, host_ids }] as const;

test('create, read, update, delete', async () => {
  const { admin } = controller;
  const made = await create({ name: 'set', description: 'A set', sync_interval_seconds: 5, attributes: { a: 1 } });
  expect(made).toEqual({
    id: expect.stringMatching(/^hsst_[0-9A-Za-z]{10}$/),
    host_catalog_id: catalog,
    scope: expect.objectContaining({ id: DEV.project }),
    name: 'set',
    description: 'A set',
    created_time: expect.any(String),
    updated_time: made.created_time,
    version: 1,
    type: 'static',
    authorized_actions: ['no-op', 'read', 'update', 'delete', 'add-hosts', 'set-hosts', 'remove-hosts'],
  });
  const update = { id: made.id, item: { version: 1, name: 'set2' }, update_mask: ['name', 'description'] };
  const { item } = await admin.call('HostSetService/UpdateHostSet', update);
  expect(item).toMatchObject({ name: 'set2', version: 2 });
  expect(item.description).toBeUndefined();
  expect(await admin.refusal('HostSetService/UpdateHostSet', update)).toMatchObject({
    status: 404,
    message: `Host Set "${made.id}" doesn't exist or incorrect version provided.`,
  });
  await admin.call('HostSetService/DeleteHostSet', { id: made.id });
  expect(await admin.refusal('HostSetService/DeleteHostSet', { id: made.id })).toMatchObject({ status: 404 });
});

test('add, set and remove hosts; each change counts the version', async () => {
  const { admin } = controller;
  const { id } = await create();
  const [a, b, c] = hosts as [string, string, string];
  const call = async (...args: Parameters<typeof edit>) => (await admin.call(...edit(...args))).item;
  expect(await call('Add', id, 1, [a, a])).toMatchObject({ version: 2, host_ids: [a] });
  expect(await call('Set', id, 2, [a, b])).toMatchObject({ version: 3, host_ids: [a, b] });
  expect(await call('Set', id, 3, [b, a])).toMatchObject({ version: 3, host_ids: [a, b] });
  expect(await call('Remove', id, 3, [b])).toMatchObject({ version: 4, host_ids: [a] });
  expect((await admin.call('HostSetService/GetHostSet', { id })).item.host_ids).toEqual([a]);
  const listed = await admin.call('HostSetService/ListHostSets', { host_catalog_id: catalog });
  expect(listed.items.find((item: any) => item.id === id).host_ids).toBeUndefined();
  expect((await admin.call('HostService/GetHost', { id: a })).item.host_set_ids).toEqual([id]);
  const emptied = await call('Set', id, 4, []);
  expect(emptied).toMatchObject({ version: 5 });
  expect(emptied.host_ids).toBeUndefined();
  await admin.call(...edit('Add', id, 5, [c]));
  await admin.call('HostService/DeleteHost', { id: c });
  expect((await admin.call('HostSetService/GetHostSet', { id })).item.host_ids).toBeUndefined();
});

test('edits that cannot be done change nothing', async () => {
  const { admin } = controller;
  const { id } = await create();
  const [a, b] = hosts as [string, string];
  await admin.call(...edit('Add', id, 1, [a]));
  const refusal = (...args: Parameters<typeof edit>) => admin.refusal(...edit(...args));
  expect(await refusal('Add', id, 2, [a, b])).toMatchObject({
    status: 400,
    message: expect.stringContaining('must be unique'),
  });
  expect(await refusal('Add', id, 2, [b, DEV.host])).toMatchObject({ status: 400 });
  expect(await refusal('Add', id, 2, ['hst_AAAAAAAAAA'])).toMatchObject({ status: 400 });
  expect(await refusal('Set', id, 2, ['hst_AAAAAAAAAA'])).toMatchObject({ status: 400 });
  expect(await refusal('Remove', id, 2, [a, b])).toMatchObject({ status: 400 });
  expect(await refusal('Add', id, 1, [b])).toEqual({
    status: 404,
    kind: 'NotFound',
    message: 'Unable to find requested resource.',
  });
  expect((await admin.call('HostSetService/GetHostSet', { id })).item).toMatchObject({ version: 2, host_ids: [a] });
});

test.each([
  [['x'], 1, { host_ids: 'Incorrectly formatted host identifier.' }],
  [['hst_\u0000'], 1, { host_ids: 'Incorrectly formatted host identifier.' }],
  [['hplg_1234567890'], 1, { host_ids: 'Incorrectly formatted host identifier.' }],
  [[], 1, { host_ids: 'Must be non-empty.' }],
  [['hst_1234567890'], 0, { version: 'Required field.' }],
])('adding %j at version %d is refused', async (host_ids, version, fields) => {
  const refusal = await controller.admin.refusal(...edit('Add', DEV.hostSet, version, host_ids));
  expect(refusal).toMatchObject({ status: 400, message: 'Errors in provided fields.' });
  expect(fieldsOf(refusal)).toEqual(fields);
});

test('of many edits at one version one is done', async () => {
  const { admin } = controller;
  const { id } = await create();
  const [a, b] = hosts as [string, string];
  const outcomes = await Promise.all(
    [[a], [b], [a, b], [b, a]].map((ids) =>
      admin.call(...edit('Set', id, 1, ids)).then(
        () => 200,
        (error) => error.httpStatus as number,
      ),
    ),
  );
  expect(outcomes.sort()).toEqual([200, 404, 404, 404]);
  expect((await admin.call('HostSetService/GetHostSet', { id })).item.version).toBe(2);
});

test('fields of plugin sets, wrong parents, rights', async () => {
  const { admin, user, anonymous } = controller;
  const refused = async (item: object) =>
    fieldsOf(await admin.refusal('HostSetService/CreateHostSet', { item: { host_catalog_id: catalog, ...item } }));
  expect(await refused({ preferred_endpoints: ['dns:*'] })).toEqual({
    preferred_endpoints: 'This field is not yet supported for static host sets.',
  });
  expect(await refused({ type: 'plugin' })).toEqual({ type: "Doesn't match the parent resource's type." });
  expect(await refused({ host_catalog_id: 'x' })).toEqual({ host_catalog_id: 'The field is incorrectly formatted.' });
  const unknown = { item: { host_catalog_id: 'hcst_AAAAAAAAAA' } };
  expect(await admin.refusal('HostSetService/CreateHostSet', unknown)).toMatchObject({ status: 404 });
  const request = { host_catalog_id: DEV.hostCatalog };
  expect(await admin.refusal('HostSetService/ListHostSets')).toMatchObject({ status: 400 });
  expect(await user.refusal('HostSetService/ListHostSets', request)).toMatchObject({ status: 403 });
  expect(await anonymous.refusal('HostSetService/GetHostSet', { id: DEV.hostSet })).toMatchObject({ status: 401 });
  expect(await user.refusal(...edit('Add', DEV.hostSet, 2, [DEV.host]))).toMatchObject({ status: 403 });
});
