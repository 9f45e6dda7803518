import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { describeWith } from '../../../test/harness/tools';
import { credentialStoreService } from '../credential-stores/credential-stores.rpc';
import { rows, sql } from '../db/db';
import { roleService } from '../roles/roles.rpc';
import { credentialService } from './credentials.rpc';

let controller: TestController;
let store: string;

beforeAll(async () => {
  controller = await startTestController((deps) => [
    credentialStoreService(deps),
    credentialService(deps),
    roleService(deps),
  ]);
  store = await createStore();
});
afterAll(() => controller.stop());

async function createStore(): Promise<string> {
  const item = { scope_id: DEV.project, type: 'static' };
  return (await controller.admin.call('CredentialStoreService/CreateCredentialStore', { item })).item.id as string;
}

const create = async (item: object): Promise<any> =>
  (await controller.admin.call('CredentialService/CreateCredential', { item: { credential_store_id: store, ...item } }))
    .item;
const refusal = (item: object) =>
  controller.admin.refusal('CredentialService/CreateCredential', { item: { credential_store_id: store, ...item } });
const update = (id: string, item: object, update_mask: string[]) => ({ id, item, update_mask });

const UP = { type: 'username_password', attributes: { username: 'u', password: 'hunter2' } };
const HMAC = /^[\w-]{43}$/;

test('create, read, update, clear, delete', async () => {
  const { admin } = controller;
  const made = await create({ ...UP, name: 'up', description: 'd' });
  expect(made).toEqual({
    id: expect.stringMatching(/^credup_[0-9A-Za-z]{10}$/),
    credential_store_id: store,
    scope: expect.objectContaining({ id: DEV.project }),
    name: 'up',
    description: 'd',
    created_time: expect.any(String),
    updated_time: made.created_time,
    version: 1,
    type: 'username_password',
    attributes: { username: 'u', password_hmac: expect.stringMatching(HMAC) },
    authorized_actions: ['no-op', 'read', 'update', 'delete'],
  });
  expect((await admin.call('CredentialService/GetCredential', { id: made.id })).item).toEqual(made);
  const change = update(made.id, { version: 1, attributes: { username: 'u2' } }, ['attributes.username', 'name']);
  const { item } = await admin.call('CredentialService/UpdateCredential', change);
  expect(item).toMatchObject({ version: 2, attributes: { ...made.attributes, username: 'u2' } });
  expect(item.name).toBeUndefined();
  expect(await admin.refusal('CredentialService/UpdateCredential', change)).toMatchObject({
    status: 404,
    message: `Credential "${made.id}" doesn't exist or incorrect version provided.`,
  });
  await admin.call('CredentialService/DeleteCredential', { id: made.id });
  expect(await admin.refusal('CredentialService/GetCredential', { id: made.id })).toMatchObject({ status: 404 });
});

test('each type shows what is not secret', async () => {
  const domain = { type: 'username_password_domain', attributes: { ...UP.attributes, domain: 'd' } };
  expect((await create(domain)).attributes).toEqual({
    username: 'u',
    domain: 'd',
    password_hmac: expect.stringMatching(HMAC),
  });
  const password = await create({ type: 'password', attributes: { password: 'p' } });
  expect(password.id).toMatch(/^credp_/);
  expect(password.attributes).toEqual({ password_hmac: expect.stringMatching(HMAC) });
  const json = await create({ type: 'json', attributes: { object: { b: { d: 1, c: [null] }, a: 'x' } } });
  expect(json.id).toMatch(/^credjson_/);
  expect(json.attributes).toEqual({ object_hmac: expect.stringMatching(HMAC) });
  const sameInOtherOrder = await create({ type: 'json', attributes: { object: { a: 'x', b: { c: [null], d: 1 } } } });
  expect(sameInOtherOrder.attributes).toEqual(json.attributes);
});

test('an HMAC changes with the secret and the store, and with nothing else', async () => {
  const { admin } = controller;
  const { id, attributes } = await create(UP);
  expect((await create(UP)).attributes.password_hmac).toBe(attributes.password_hmac);
  const elsewhere = await create({ ...UP, credential_store_id: await createStore() });
  expect(elsewhere.attributes.password_hmac).not.toBe(attributes.password_hmac);
  const to = async (password: string, version: number) =>
    (
      await admin.call(
        'CredentialService/UpdateCredential',
        update(id, { version, attributes: { password } }, ['attributes.password']),
      )
    ).item.attributes.password_hmac;
  expect(await to('hunter3', 1)).not.toBe(attributes.password_hmac);
  expect(await to('hunter2', 2)).toBe(attributes.password_hmac);
});

test('no secret is in the database in clear', async () => {
  await create({ type: 'json', attributes: { object: { token: 'hunter2' } } });
  const stored = await rows<{ text: string }>(
    controller.deps.db.executor,
    sql`select (to_jsonb(c) - 'secret')::text || encode(c.secret, 'escape') as text from credentials c`,
  );
  expect(stored.length).toBeGreaterThan(0);
  expect(stored.filter(({ text }) => text.includes('hunter2'))).toEqual([]);
});

test.each([
  [{ type: '' }, { type: 'Unsupported credential type ""' }],
  [{ type: 'constructor' }, { type: 'Unsupported credential type "constructor"' }],
  [
    { type: 'username_password' },
    {
      'attributes.password': 'Field required for creating a username-password credential.',
      'attributes.username': 'Field required for creating a username-password credential.',
    },
  ],
  [
    { type: 'username_password', attributes: { username: 'u', password: '' } },
    { 'attributes.password': 'Field required for creating a username-password credential.' },
  ],
  [
    { type: 'username_password_domain', attributes: UP.attributes },
    { 'attributes.domain': 'Field required for creating a username-password-domain credential.' },
  ],
  [{ ...UP, attributes: { ...UP.attributes, domain: 'd' } }, { attributes: expect.stringContaining('do not match') }],
  [
    { type: 'json', attributes: { object: {} } },
    { 'attributes.object': 'This is a required field and cannot be set to empty.' },
  ],
  [{ type: 'json', attributes: { object: [1] } }, { attributes: expect.stringContaining('do not match') }],
  [
    { type: 'ssh_private_key', attributes: { username: 'u', private_key: 'nope' } },
    { 'attributes.private_key': 'Unable to parse given private key value: ssh: no key found.' },
  ],
  [
    { type: 'ssh_private_key', attributes: { username: 'u' } },
    { 'attributes.private_key': 'Field required for creating an SSH private key credential.' },
  ],
  [{ ...UP, credential_store_id: '' }, { credential_store_id: 'This field must be a valid credential store id.' }],
  [
    { ...UP, credential_store_id: 'csvlt_1234567890' },
    { credential_store_id: 'This field must be a valid credential store id.' },
  ],
  [{ ...UP, name: 'x'.repeat(128) }, { name: 'Name must have at most 127 characters.' }],
  [{ ...UP, attributes: { ...UP.attributes, password_hmac: 'x' } }, { 'attributes.password_hmac': expect.any(String) }],
])('create refuses %j', async (item, fields) => {
  const refused = await refusal(item);
  expect(refused).toMatchObject({ status: 400, message: 'Error in provided request.' });
  expect(fieldsOf(refused)).toEqual(fields);
});

test('names are unique among those of a type in a store', async () => {
  await create({ ...UP, name: 'twice' });
  expect(await refusal({ ...UP, name: 'twice' })).toMatchObject({
    status: 400,
    message: expect.stringContaining('must be unique'),
  });
  await create({ type: 'password', attributes: { password: 'p' }, name: 'twice' });
  expect(await refusal({ ...UP, credential_store_id: 'csst_AAAAAAAAAA' })).toMatchObject({ status: 404 });
});

test('update refuses what is read-only, cleared secrets, and another type', async () => {
  const { admin } = controller;
  const { id } = await create(UP);
  const refused = (item: object, mask: string[]) =>
    admin.refusal('CredentialService/UpdateCredential', update(id, { version: 1, ...item }, mask));
  expect(await refused({ attributes: { password_hmac: 'x' } }, ['attributes.password_hmac'])).toMatchObject({
    message: 'Error in provided request',
    details: { request_fields: [{ name: 'update_mask', description: 'Invalid update mask provided.' }] },
  });
  for (const name of ['username', 'password']) {
    expect(fieldsOf(await refused({ attributes: { [name]: null } }, [`attributes.${name}`]))).toEqual({
      [`attributes.${name}`]: 'This is a required field and cannot be set to empty.',
    });
  }
  expect(Object.keys(fieldsOf(await refused({}, ['attributes'])))).toEqual([
    'attributes.password',
    'attributes.username',
  ]);
  expect(fieldsOf(await refused({ type: 'json' }, ['type']))).toEqual({ type: 'Cannot modify resource type.' });
  expect(fieldsOf(await refused({}, ['attributes.domain']))).toEqual({
    update_mask: 'No valid fields provided in the update mask.',
  });
});

test('list: of a store, filtered, with rights only', async () => {
  const { admin, user, anonymous } = controller;
  const request = { credential_store_id: await createStore(), filter: '"/item/type" == "password"' };
  await create({ ...UP, credential_store_id: request.credential_store_id });
  const { id } = await create({
    type: 'password',
    attributes: { password: 'p' },
    credential_store_id: request.credential_store_id,
  });
  expect((await admin.call('CredentialService/ListCredentials', request)).items).toMatchObject([{ id }]);
  for (const credential_store_id of ['', 'csvlt_1234567890']) {
    const refused = await admin.refusal('CredentialService/ListCredentials', { credential_store_id });
    expect(refused).toMatchObject({ status: 400, message: 'Improperly formatted identifier.' });
  }
  const unknown = { credential_store_id: 'csst_AAAAAAAAAA' };
  expect(await admin.refusal('CredentialService/ListCredentials', unknown)).toMatchObject({ status: 404 });
  expect(await user.refusal('CredentialService/ListCredentials', request)).toMatchObject({ status: 403 });
  expect(await anonymous.refusal('CredentialService/ListCredentials', request)).toMatchObject({ status: 401 });
  expect(await user.refusal('CredentialService/GetCredential', { id })).toMatchObject({ status: 403 });
});

test('a grant on the store reaches its credentials, and no others', async () => {
  const { admin, user } = controller;
  const { item: role } = await admin.call('RoleService/CreateRole', { item: { scope_id: DEV.project } });
  const own = await createStore();
  const grant_strings = [`ids=${own};type=credential;actions=list,read`];
  await admin.call('RoleService/AddRoleGrants', { id: role.id, version: 1, grant_strings });
  await admin.call('RoleService/AddRolePrincipals', { id: role.id, version: 2, principal_ids: [DEV.user] });
  const { id } = await create({ ...UP, credential_store_id: own });
  expect((await user.call('CredentialService/ListCredentials', { credential_store_id: own })).items).toMatchObject([
    { id, authorized_actions: ['read'] },
  ]);
  const other = await create(UP);
  expect(await user.refusal('CredentialService/GetCredential', { id: other.id })).toMatchObject({ status: 403 });
});

test('deleting the store deletes its credentials', async () => {
  const { admin } = controller;
  const id = await createStore();
  const credential = await create({ ...UP, credential_store_id: id });
  await admin.call('CredentialStoreService/DeleteCredentialStore', { id });
  expect(await admin.refusal('CredentialService/GetCredential', { id: credential.id })).toMatchObject({ status: 404 });
});

describeWith(['ssh-keygen'], 'SSH private keys', () => {
  let directory: string;
  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'sallyport-keys-'))));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  let count = 0;
  function keyWith(passphrase: string): string {
    const file = join(directory, `key${count++}`);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '1', '-f', file, '-N', passphrase, '-C', '']);
    return readFileSync(file, 'utf8');
  }
  const ssh = (attributes: object) => ({ type: 'ssh_private_key', attributes: { username: 'u', ...attributes } });

  test('key and passphrase must fit', async () => {
    const [plain, locked] = [keyWith(''), keyWith('opensesame')];
    expect((await create(ssh({ private_key: plain }))).attributes).toEqual({
      username: 'u',
      private_key_hmac: expect.stringMatching(HMAC),
    });
    const withPassphrase = await create(ssh({ private_key: locked, private_key_passphrase: 'opensesame' }));
    expect(withPassphrase.attributes.private_key_passphrase_hmac).toMatch(HMAC);
    const fields = async (attributes: object) => fieldsOf(await refusal(ssh(attributes)));
    expect(await fields({ private_key: locked, private_key_passphrase: 'nope' })).toEqual({
      'attributes.private_key_passphrase': 'Incorrect private key passphrase.',
    });
    expect(await fields({ private_key: locked })).toEqual({
      'attributes.private_key': expect.stringContaining('ssh: this private key is passphrase protected.'),
    });
    expect(await fields({ private_key: plain, private_key_passphrase: 'x' })).toEqual({
      'attributes.private_key_passphrase': 'Passphrase supplied for unencrypted key.',
    });
  });

  test('a new key comes with its own passphrase or with none', async () => {
    const { admin } = controller;
    const { id } = await create(ssh({ private_key: keyWith('one'), private_key_passphrase: 'one' }));
    const change = (version: number, attributes: object) =>
      update(
        id,
        { version, attributes },
        Object.keys(attributes).map((name) => `attributes.${name}`),
      );
    const refused = async (attributes: object) =>
      Object.keys(fieldsOf(await admin.refusal('CredentialService/UpdateCredential', change(1, attributes))));
    expect(await refused({ private_key: keyWith('two') })).toEqual(['attributes.private_key']);
    expect(await refused({ private_key_passphrase: 'two' })).toEqual(['attributes.private_key_passphrase']);
    expect(await refused({ private_key_passphrase: null })).toEqual(['attributes.private_key']);
    const { item } = await admin.call(
      'CredentialService/UpdateCredential',
      change(1, { private_key: keyWith(''), username: 'v' }),
    );
    expect(item.attributes).toEqual({ username: 'v', private_key_hmac: expect.stringMatching(HMAC) });
  });
});
