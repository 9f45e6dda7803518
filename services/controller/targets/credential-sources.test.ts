import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { ApiError } from '../../../lib/errors/errors';
import { credentialStoreService } from '../credential-stores/credential-stores.rpc';
import { credentialService } from '../credentials/credentials.rpc';
import { scopeService } from '../scopes/scopes.rpc';
import { targetService } from './targets.rpc';

let controller: TestController;
let store: string;
let sources: [string, string];

beforeAll(async () => {
  controller = await startTestController((deps) => [
    targetService(deps, () => Promise.reject(new ApiError('Unimplemented', 'no sessions here'))),
    credentialStoreService(deps),
    credentialService(deps),
    scopeService(deps),
  ]);
  store = await createStore(DEV.project);
  // Answers show the order of adding, not that of the ids.
  sources = [await createCredential(store), await createCredential(store)].sort().reverse() as [string, string];
});
afterAll(() => controller.stop());

async function createStore(scope_id: string): Promise<string> {
  const item = { scope_id, type: 'static' };
  return (await controller.admin.call('CredentialStoreService/CreateCredentialStore', { item })).item.id as string;
}

async function createCredential(credential_store_id: string): Promise<string> {
  const item = { credential_store_id, type: 'password', attributes: { password: 'p' } };
  return (await controller.admin.call('CredentialService/CreateCredential', { item })).item.id as string;
}

let made = 0;
async function createTarget(): Promise<string> {
  const item = { scope_id: DEV.project, type: 'tcp', name: `t${made++}`, attributes: { default_port: 22 } };
  return (await controller.admin.call('TargetService/CreateTarget', { item })).item.id as string;
}

const method = (verb: string) => `TargetService/${verb}TargetCredentialSources`;
const edit = async (verb: string, id: string, version: number, brokered_credential_source_ids: string[]) =>
  (await controller.admin.call(method(verb), { id, version, brokered_credential_source_ids })).item;
const shown = (...ids: string[]) => ({
  brokered_credential_source_ids: ids,
  brokered_credential_sources: ids.map((id) => ({ id, credential_store_id: store })),
});

test('add, set and remove; lists leave them out', async () => {
  const { admin } = controller;
  const id = await createTarget();
  const [a, b] = sources;
  expect(await edit('Add', id, 1, [a, a])).toMatchObject({ version: 2, ...shown(a) });
  expect(await edit('Set', id, 2, [b, a])).toMatchObject({ version: 3, ...shown(a, b) });
  expect(await edit('Set', id, 3, [a, b])).toMatchObject({ version: 3, ...shown(a, b) });
  expect(await edit('Remove', id, 3, [a])).toMatchObject({ version: 4, ...shown(b) });
  expect((await admin.call('TargetService/GetTarget', { id })).item).toMatchObject({ version: 4, ...shown(b) });
  const filter = `"/item/id" == "${id}"`;
  const { items } = await admin.call('TargetService/ListTargets', { scope_id: DEV.project, filter });
  expect(items[0].brokered_credential_sources).toBeUndefined();
  const none = await edit('Set', id, 4, []);
  expect(none).toMatchObject({ version: 5 });
  expect(none.brokered_credential_source_ids).toBeUndefined();
});

test.each([
  ['Add', 1, () => sources],
  ['Remove', 2, () => [...sources, 'credup_AAAAAAAAAA']],
  ['Add', 2, () => ['credup_AAAAAAAAAA']],
  ['Set', 2, () => [sources[0], 'credup_AAAAAAAAAA']],
])('%s of version %d changes nothing (case %#)', async (verb, version, ids) => {
  const { admin } = controller;
  const id = await createTarget();
  await edit('Add', id, 1, sources);
  const request = { id, version, brokered_credential_source_ids: ids() };
  expect((await admin.refusal(method(verb), request)).status).toBe(version === 1 ? 404 : 400);
  expect((await admin.call('TargetService/GetTarget', { id })).item).toMatchObject({
    version: 2,
    ...shown(...sources),
  });
});

test('what is not acceptable is named', async () => {
  const { admin } = controller;
  const id = await createTarget();
  const refused = async (verb: string, request: object) =>
    fieldsOf(await admin.refusal(method(verb), { id, version: 1, ...request }));
  const neither = 'Brokered or Injected Application Credential Source IDs must be provided.';
  for (const verb of ['Add', 'Remove']) {
    expect(await refused(verb, {})).toEqual({
      brokered_credential_source_ids: neither,
      injected_application_credential_source_ids: neither,
    });
  }
  const badId = (name: string) => `Incorrectly formatted credential source identifier "${name}".`;
  for (const other of ['hst_1234567890', 'clvsclt_1234567890', '']) {
    expect(await refused('Add', { brokered_credential_source_ids: [other] })).toEqual({
      brokered_credential_source_ids: badId(other),
    });
  }
  expect(await refused('Add', { injected_application_credential_source_ids: ['credjson_1234567890'] })).toEqual({
    injected_application_credential_source_ids: badId('credjson_1234567890'),
  });
  for (const verb of ['Add', 'Set']) {
    expect(await refused(verb, { injected_application_credential_source_ids: ['credup_1234567890'] })).toEqual({
      injected_application_credential_source_ids: 'Targets of type tcp only support brokered credentials.',
    });
  }
  expect(await refused('Add', { version: 0, brokered_credential_source_ids: sources })).toEqual({
    version: 'Required field.',
  });
});

test('a credential of another project is not acceptable', async () => {
  const { admin } = controller;
  const { item } = await admin.call('ScopeService/CreateScope', { item: { scope_id: DEV.org } });
  const foreign = await createCredential(await createStore(item.id));
  const request = { id: await createTarget(), version: 1, brokered_credential_source_ids: [foreign] };
  expect(await admin.refusal(method('Add'), request)).toMatchObject({ status: 400, kind: 'InvalidArgument' });
});

test('users without the right are refused', async () => {
  const request = { id: await createTarget(), version: 1, brokered_credential_source_ids: sources };
  expect(await controller.user.refusal(method('Add'), request)).toMatchObject({ status: 403 });
});

test('a credential that is deleted, alone or with its store, is no source any more', async () => {
  const { admin } = controller;
  const id = await createTarget();
  const own = await createStore(DEV.project);
  const [first, second] = [await createCredential(own), await createCredential(own)];
  await edit('Add', id, 1, [first, second]);
  await admin.call('CredentialService/DeleteCredential', { id: first });
  const { item } = await admin.call('TargetService/GetTarget', { id });
  expect(item).toMatchObject({ version: 2, brokered_credential_source_ids: [second] });
  await admin.call('CredentialStoreService/DeleteCredentialStore', { id: own });
  expect((await admin.call('TargetService/GetTarget', { id })).item.brokered_credential_source_ids).toBeUndefined();
});
