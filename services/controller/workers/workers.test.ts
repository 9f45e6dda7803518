/** Tags and the certificate authority through the workers service. */
import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { encodeBase58 } from '../../../lib/ids/base58';
import { newEd25519 } from '../../../lib/tls/keys';
import { encodeRegistrationRequest } from '../../../lib/tls/registration-request';
import { fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { loadAuthority, type DeploymentAuthority } from './authority';
import { editedTags, readTags } from './worker-tags';
import { workerService } from './workers.rpc';

let controller: TestController;
let reloads = 0;

beforeAll(async () => {
  const control = { reloadAuthority: () => Promise.resolve(void reloads++) };
  const authority = {} as DeploymentAuthority;
  controller = await startTestController((deps) => [workerService({ ...deps, control, authority })]);
  Object.assign(authority, await loadAuthority(controller.deps.db.executor, controller.deps.kms));
});
afterAll(() => controller.stop());

const create = async () =>
  (await controller.admin.call('WorkerService/CreateControllerLed', { item: { scope_id: 'global' } })).item;
const edit = async (verb: string, id: string, version: number, api_tags?: object) =>
  (await controller.admin.call(`WorkerService/${verb}WorkerTags`, { id, version, api_tags })).item;

test('tags are added, replaced and removed; filters see them', async () => {
  const { id, local_storage_state } = await create();
  expect(local_storage_state).toBe('unknown');
  const added = await edit('Add', id, 1, { region: ['eu', 'us', 'eu'], type: ['prod'] });
  expect(added).toMatchObject({ version: 2, api_tags: { region: ['eu', 'us'], type: ['prod'] } });
  expect(added.canonical_tags).toEqual(added.api_tags);
  expect((await edit('Add', id, 2, { region: ['asia'] })).api_tags.region).toEqual(['eu', 'us', 'asia']);
  expect((await edit('Remove', id, 3, { region: ['us', 'asia'], type: ['prod'] })).api_tags).toEqual({
    region: ['eu'],
  });
  expect((await edit('Set', id, 4, { a: ['b'] })).api_tags).toEqual({ a: ['b'] });
  const filter = '"b" in "/item/api_tags/a"';
  const { items } = await controller.admin.call('WorkerService/ListWorkers', { scope_id: 'global', filter });
  expect(items).toMatchObject([{ id }]);
  const emptied = await edit('Set', id, 5);
  expect(emptied).toMatchObject({ version: 6 });
  expect(emptied.api_tags).toBeUndefined();
});

test('what cannot be done changes nothing', async () => {
  const { admin, user, anonymous } = controller;
  const { id } = await create();
  await edit('Set', id, 1, { a: ['b'] });
  const refusal = (verb: string, version: number, api_tags?: object, as = admin) =>
    as.refusal(`WorkerService/${verb}WorkerTags`, { id, version, api_tags });
  expect(await refusal('Remove', 2, { a: ['b', 'c'] })).toMatchObject({ status: 400 });
  expect(await refusal('Remove', 2, { x: ['y'] })).toMatchObject({ status: 400 });
  expect(fieldsOf(await refusal('Add', 2, { a: ['c', 'b'] }))).toHaveProperty('api_tags');
  expect(await refusal('Add', 1, { a: ['c'] })).toMatchObject({ status: 404 });
  expect(fieldsOf(await refusal('Add', 2))).toEqual({ api_tags: 'Must be non-empty.' });
  expect(fieldsOf(await refusal('Set', 0))).toEqual({ version: 'Required field.' });
  const bad = [
    { a: [] },
    { a: 'b' },
    { a: [1] },
    { a: [''] },
    { '': ['b'] },
    { a: ['x'.repeat(513)] },
    { a: ['\u0000'] },
  ];
  for (const tags of bad) expect(fieldsOf(await refusal('Set', 2, tags))).toHaveProperty('api_tags');
  const many = { a: Array.from({ length: 1_001 }, (_, i) => `v${i}`) };
  expect(fieldsOf(await refusal('Set', 2, many))).toHaveProperty('api_tags');
  const long = { a: Array.from({ length: 32 }, (_, i) => String(i).padEnd(512, 'x')) };
  expect(fieldsOf(await refusal('Set', 2, long))).toEqual({
    api_tags: 'A worker has at most 1000 tags of 16384 bytes in all.',
  });
  const half = { b: long.a.slice(0, 31) };
  expect(await refusal('Add', 2, { ...half, c: long.a.slice(31) })).toMatchObject({ status: 400 });
  expect(await refusal('Add', 2, { a: ['c'] }, user)).toMatchObject({ status: 403 });
  expect(await refusal('Add', 2, { a: ['c'] }, anonymous)).toMatchObject({ status: 401 });
  const { item } = await admin.call('WorkerService/GetWorker', { id });
  expect(item).toMatchObject({ version: 2, api_tags: { a: ['b'] } });
});

test('tags of earlier releases, more than there may be, are removed a few or all at once', () => {
  const values = Array.from({ length: 2_000 }, (_, i) => `v${i}`);
  const remove = (some: string[]) => {
    const given = readTags('remove', { id: 'w_1234567890', version: 1, api_tags: { a: some } });
    return editedTags('remove', { a: values, b: ['c'] }, given);
  };
  expect(remove(['v0'])).toEqual({ a: values.slice(1), b: ['c'] });
  expect(remove(values)).toEqual({ b: ['c'] });
  expect(() => editedTags('add', { a: values }, { b: ['c'] })).toThrow('Unable to change the tags');
});

test('tags with names of Object.prototype are tags like others', () => {
  expect(editedTags('add', {}, { constructor: ['x'] })).toEqual({ constructor: ['x'] });
  expect(() => editedTags('remove', {}, { toString: ['x'] })).toThrow('Unable to change the tags');
});

test('of parallel edits of one version one wins', async () => {
  const { id } = await create();
  const edits = Array.from({ length: 10 }, (_, i) => edit('Add', id, 1, { n: [`v${i}`] }));
  const outcomes = await Promise.allSettled(edits);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('the certificate authority is read, and replaced by administrators only', async () => {
  const { admin, user, anonymous } = controller;
  const read = async () =>
    (await admin.call('WorkerService/ReadCertificateAuthority', { scope_id: 'global' })).item.certs;
  const before = await read();
  expect(before).toMatchObject([{ id: 'current' }, { id: 'next' }]);
  const reinitialize = 'WorkerService/ReinitializeCertificateAuthority';
  expect(await user.refusal(reinitialize, { scope_id: 'global' })).toMatchObject({ status: 403 });
  expect(await anonymous.refusal('WorkerService/ReadCertificateAuthority', { scope_id: 'global' })).toMatchObject({
    status: 401,
  });
  expect(fieldsOf(await admin.refusal(reinitialize, { scope_id: 'o_1234567890' }))).toHaveProperty('scope_id');
  expect(await read()).toEqual(before);
  const { certs } = (await admin.call(reinitialize, { scope_id: 'global' })).item;
  expect(certs[0].public_key_sha256).not.toBe(before[0].public_key_sha256);
  expect(await read()).toEqual(certs);
  expect(reloads).toBe(1);
});

test('a worker is created from its registration request, each request once', async () => {
  const { admin, user } = controller;
  const method = 'WorkerService/CreateWorkerLed';
  const publicKey = createPublicKey(newEd25519()).export({ format: 'der', type: 'spki' });
  const token = encodeRegistrationRequest({ publicKey, secret: Buffer.alloc(32, 1) });
  const item = { scope_id: 'global', worker_generated_auth_token: token };
  expect(fieldsOf(await admin.refusal(method, { item: { scope_id: 'global' } }))).toEqual({
    worker_generated_auth_token: 'Cannot be empty.',
  });
  const nonsense = { item: { ...item, worker_generated_auth_token: 'nope' } };
  expect(fieldsOf(await admin.refusal(method, nonsense))).toHaveProperty('worker_generated_auth_token');
  expect(await user.refusal(method, { item })).toMatchObject({ status: 403 });
  const made = (await admin.call(method, { item: { ...item, name: 'led' } })).item;
  expect(made).toMatchObject({ name: 'led', type: 'pki', version: 1 });
  expect(made.worker_generated_auth_token ?? made.controller_generated_activation_token).toBeUndefined();
  expect(await admin.refusal(method, { item })).toMatchObject({ status: 400 });
});

test('a request of a worker of Boundary makes a resource, once, while it is valid and signed', async () => {
  const { admin, deps } = controller;
  const method = 'WorkerService/CreateWorkerLed';
  const now = deps.clock.now().getTime();
  const of = (change: Partial<BoundaryRequest> = {}) => ({
    item: {
      scope_id: 'global',
      worker_generated_auth_token: boundaryRequest({ notAfter: now + 3_600_000, ...change }),
    },
  });
  const good = of({ key: newEd25519() });
  expect((await admin.call(method, good)).item).toMatchObject({ type: 'pki', version: 1 });
  expect(await admin.refusal(method, good)).toMatchObject({ status: 400 });
  const long = { item: { ...good.item, worker_generated_auth_token: '1'.repeat(2_001) } };
  expect(fieldsOf(await admin.refusal(method, long))).toHaveProperty('worker_generated_auth_token');
  for (const bad of [{ notAfter: now - 3_600_000 }, { signer: newEd25519() }, { nonce: Buffer.alloc(40) }]) {
    expect(fieldsOf(await admin.refusal(method, of(bad)))).toHaveProperty('worker_generated_auth_token');
  }
});

interface BoundaryRequest {
  key: KeyObject;
  signer: KeyObject;
  nonce: Buffer;
  /** Milliseconds. */
  notAfter: number;
}

/** As Boundary's workers write it. */
function boundaryRequest({
  key = newEd25519(),
  signer = key,
  nonce = randomBytes(32),
  notAfter = 0,
}: Partial<BoundaryRequest>) {
  const time = (ms: number) =>
    new BinaryWriter()
      .tag(1, WireType.Varint)
      .int64(BigInt(Math.floor(ms / 1_000)))
      .finish();
  const bytes = (writer: BinaryWriter, number: number, value: Uint8Array) =>
    writer.tag(number, WireType.LengthDelimited).bytes(value);
  const info = new BinaryWriter();
  bytes(info, 2, createPublicKey(key).export({ format: 'der', type: 'spki' }));
  info.tag(3, WireType.Varint).int32(1);
  bytes(info, 7, time(0));
  bytes(info, 8, time(notAfter));
  bytes(info, 10, randomBytes(32));
  info.tag(11, WireType.Varint).int32(2);
  const bundle = bytes(info, 20, nonce).finish();
  return encodeBase58(bytes(bytes(new BinaryWriter(), 28, bundle), 29, sign(null, bundle, signer)).finish());
}
