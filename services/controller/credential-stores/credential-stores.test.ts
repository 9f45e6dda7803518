import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHmac } from 'node:crypto';
import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { VaultServer } from '../../../test/harness/vault';
import { credentialLibraryService } from '../credential-libraries/credential-libraries.rpc';
import { rows, sql } from '../db/db';
import { blake2b256 } from '../../../lib/ids/blake2b';
import { credentialStoreService } from './credential-stores.rpc';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController((deps) => [credentialStoreService(deps), credentialLibraryService(deps)]);
});
afterAll(() => controller.stop());

const create = async (item: object): Promise<any> => {
  const request = { item: { scope_id: DEV.project, type: 'static', ...item } };
  return (await controller.admin.call('CredentialStoreService/CreateCredentialStore', request)).item;
};
const refusal = (item: object) =>
  controller.admin.refusal('CredentialStoreService/CreateCredentialStore', {
    item: { scope_id: DEV.project, type: 'static', ...item },
  });

describe('static stores', () => {
  test('create, read, update, clear, delete', async () => {
    const { admin } = controller;
    const made = await create({ name: 'st', description: 'A store', attributes: { ignored: 1 } });
    expect(made).toEqual({
      id: expect.stringMatching(/^csst_[0-9A-Za-z]{10}$/),
      scope_id: DEV.project,
      scope: expect.objectContaining({ id: DEV.project }),
      name: 'st',
      description: 'A store',
      created_time: expect.any(String),
      updated_time: made.created_time,
      version: 1,
      type: 'static',
      authorized_actions: ['no-op', 'read', 'update', 'delete'],
      authorized_collection_actions: { credentials: ['create', 'list'] },
    });
    const update = { id: made.id, item: { version: 1, name: 'st2' }, update_mask: ['name', 'description'] };
    const { item } = await admin.call('CredentialStoreService/UpdateCredentialStore', update);
    expect(item).toMatchObject({ name: 'st2', version: 2 });
    expect(item.description).toBeUndefined();
    expect(await admin.refusal('CredentialStoreService/UpdateCredentialStore', update)).toMatchObject({
      status: 404,
      message: `Credential Store "${made.id}" doesn't exist or incorrect version provided.`,
    });
    await admin.call('CredentialStoreService/DeleteCredentialStore', { id: made.id });
    expect(await admin.refusal('CredentialStoreService/GetCredentialStore', { id: made.id })).toMatchObject({
      status: 404,
    });
  });

  test.each([
    [{ type: '' }, { type: 'This is a required field and must be a known credential store type.' }],
    [{ type: 'nope' }, { type: 'This is a required field and must be a known credential store type.' }],
    [{ scope_id: DEV.org }, { scope_id: 'This field must be a valid project scope id.' }],
    [{ name: 'x'.repeat(128) }, { name: 'Name must have at most 127 characters.' }],
    [{ description: 'x'.repeat(1024) }, { description: 'Description must have at most 1023 characters.' }],
  ])('create refuses %j', async (item, fields) => {
    const refused = await refusal(item);
    expect(refused).toMatchObject({ status: 400, message: 'Error in provided request.' });
    expect(fieldsOf(refused)).toEqual(fields);
  });

  test('a type cannot be changed', async () => {
    const { id } = await create({});
    const request = { id, item: { version: 1, type: 'vault' }, update_mask: ['type'] };
    expect(await controller.admin.refusal('CredentialStoreService/UpdateCredentialStore', request)).toMatchObject({
      message: 'No valid fields included in the update mask.',
    });
  });

  test('list: a project, or recursively from above; only with rights', async () => {
    const { admin, user, anonymous } = controller;
    const { id } = await create({ name: 'listed' });
    const filter = '"/item/name" == "listed"';
    const ids = async (request: object) =>
      (await admin.call('CredentialStoreService/ListCredentialStores', { filter, ...request })).items.map(
        (i: any) => i.id,
      );
    expect(await ids({ scope_id: DEV.project })).toEqual([id]);
    expect(await ids({ scope_id: DEV.org, recursive: true })).toEqual([id]);
    const org = { scope_id: DEV.org };
    expect(await admin.refusal('CredentialStoreService/ListCredentialStores', org)).toMatchObject({ status: 400 });
    const request = { scope_id: DEV.project };
    expect(await user.refusal('CredentialStoreService/ListCredentialStores', request)).toMatchObject({ status: 403 });
    expect(await anonymous.refusal('CredentialStoreService/ListCredentialStores', request)).toMatchObject({
      status: 401,
    });
  });
});

describe('Vault stores', () => {
  const vault = new VaultServer();
  beforeAll(() => vault.start());
  afterAll(() => vault.stop());
  beforeEach(() => vault.reset());

  const attributes = (more: object = {}) => ({ address: vault.address, token: 'hvs.secret', ...more });
  const hmac = (token: string) =>
    createHmac('sha256', blake2b256(Buffer.from('acc')))
      .update(token)
      .digest('base64url');

  test('the Vault is asked, the token is kept encrypted and shown as the HMAC that clients compute', async () => {
    const made = await create({ type: 'vault', attributes: attributes({ namespace: 'ns' }) });
    expect(made).toMatchObject({ id: expect.stringMatching(/^csvlt_/), type: 'vault' });
    expect(made.attributes).toEqual({
      address: vault.address,
      namespace: 'ns',
      token_hmac: hmac('hvs.secret'),
      token_status: 'current',
    });
    expect(made.authorized_collection_actions).toEqual({ 'credential-libraries': ['create', 'list'] });
    expect(new Set(vault.seen.map(({ token, namespace }) => `${token} ${namespace}`))).toEqual(
      // Whether it is a Vault is asked without the token.
      new Set([' ', 'hvs.secret ns']),
    );
    const stored = await rows<{ text: string }>(
      controller.deps.db.executor,
      sql`select (to_jsonb(v) - 'token')::text || encode(v.token, 'escape') as text from vault_credential_stores v`,
    );
    expect(stored.filter(({ text }) => text.includes('hvs.secret'))).toEqual([]);
  });

  test('update asks again for a new token or address, and only then', async () => {
    const { id } = await create({ type: 'vault', attributes: attributes() });
    vault.reset();
    const update = async (version: number, change: object) =>
      (
        await controller.admin.call('CredentialStoreService/UpdateCredentialStore', {
          id,
          item: { version, attributes: change },
          update_mask: Object.keys(change).map((name) => `attributes.${name}`),
        })
      ).item;
    const skipped = await update(1, { tls_skip_verify: true });
    expect(skipped.attributes).toMatchObject({ tls_skip_verify: true, token_hmac: hmac('hvs.secret') });
    expect(vault.seen).toEqual([]);
    expect((await update(2, { token: 'hvs.other' })).attributes.token_hmac).toBe(hmac('hvs.other'));
    expect(vault.seen.length).toBeGreaterThan(0);
    const cleared = { id, item: { version: 3, attributes: { token: null } }, update_mask: ['attributes.token'] };
    const refused = await controller.admin.refusal('CredentialStoreService/UpdateCredentialStore', cleared);
    expect(Object.keys(fieldsOf(refused))).toEqual(['attributes.token']);
  });

  test.each([
    ['not renewable', () => (vault.token.renewable = false)],
    ['not an orphan', () => (vault.token.orphan = false)],
    ['not a periodic', () => (vault.token.period = 0)],
    ['lack capabilities', () => (vault.capabilities = ['list'])],
  ])('a token that is of no use: %s', async (text, spoil) => {
    spoil();
    const refused = await refusal({ type: 'vault', attributes: attributes() });
    expect(fieldsOf(refused)).toEqual({ 'attributes.token': expect.stringContaining(text) });
  });

  test('a token that Vault refuses, a Vault that is not there, and something else that answers', async () => {
    const refused = async (given: object) => fieldsOf(await refusal({ type: 'vault', attributes: given }));
    expect(await refused(attributes({ token: 'refused' }))).toEqual({
      'attributes.token': 'Vault refuses the token.',
    });
    expect(await refused(attributes({ address: 'http://127.0.0.1:1' }))).toEqual({
      'attributes.address': 'Vault could not be reached.',
    });
    expect(await refused(attributes({ address: `${vault.address}/elsewhere` }))).toEqual({
      'attributes.address': 'Vault could not be reached.',
    });
  });

  describe('at another address', () => {
    let other: VaultServer;
    let id: string;
    beforeAll(async () => {
      other = new VaultServer();
      await other.start();
    });
    afterAll(() => other.stop());
    beforeEach(async () => {
      vault.reset();
      other.reset();
      id = (await create({ type: 'vault', attributes: attributes({ token: 'hvs.given' }) })).id;
    });
    const change = async (version: number, given: Record<string, unknown>) =>
      (
        await controller.admin.call('CredentialStoreService/UpdateCredentialStore', {
          id,
          item: { version, attributes: given },
          update_mask: Object.keys(given).map((name) => `attributes.${name}`),
        })
      ).item.attributes;
    const tokens = (server: VaultServer): string[] => server.seen.map(({ token }) => token).filter((t) => t !== '');

    test('the stored token is kept back until it is given anew, and going back makes it valid again', async () => {
      const moved = await change(1, { address: other.address });
      expect(moved.warning).toContain('token is kept back');
      expect(other.seen.length).toBeGreaterThan(0);
      expect(tokens(other)).toEqual([]);
      const read = (await controller.admin.call('CredentialStoreService/GetCredentialStore', { id })).item;
      expect(read.attributes.warning).toBe(moved.warning);

      vault.reset();
      expect(await change(2, { address: vault.address })).not.toHaveProperty('warning');
      expect(tokens(vault)).toContain('hvs.given');

      await change(3, { address: other.address });
      other.reset();
      expect(await change(4, { token: 'hvs.anew' })).not.toHaveProperty('warning');
      expect(tokens(other)).toContain('hvs.anew');
      expect(JSON.stringify(other.seen)).not.toContain('hvs.given');
    });

    test.each([
      [{ tls_skip_verify: true }, true],
      [{ tls_server_name: 'other.example' }, true],
      [{ namespace: 'other' }, false],
    ])('after a change of %j it is kept back: %s', async (settings, expected) => {
      expect('warning' in (await change(1, settings))).toBe(expected);
      // With the address in the request, the Vault is asked.
      vault.reset();
      await change(2, { address: vault.address });
      expect(tokens(vault).length > 0).toBe(!expected);
    });

    test('a server that is no Vault gets no token, even one that is given for it', async () => {
      const silent = createServer((request, response) => {
        seen.push(String(request.headers['x-vault-token']));
        response.end('{}');
      });
      const seen: string[] = [];
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      const refused = fieldsOf(await refusal({ type: 'vault', attributes: attributes({ address }) }));
      silent.close();
      expect(refused).toEqual({ 'attributes.address': 'Vault could not be reached.' });
      expect(seen).toEqual(['undefined']);
    });
  });

  test.each([
    [
      {},
      {
        'attributes.address': 'Field required for creating a vault credential store.',
        'attributes.token': 'Field required for creating a vault credential store.',
      },
    ],
    [
      { address: 'http://127.0.0.1:1', token: 't', worker_filter: '"a" in "/tags/b"' },
      { 'attributes.worker_filter': 'Worker Filter field is not supported in OSS' },
    ],
    [{ address: 'ftp://x', token: 't' }, { 'attributes.address': expect.any(String) }],
    [{ address: 'http://x', token: 't\nu' }, { 'attributes.token': expect.stringContaining('visible') }],
    [{ address: 'http://x', token: 't', ca_cert: 'nope' }, { 'attributes.ca_cert': expect.any(String) }],
    [{ address: 'http://x', token: 't', token_hmac: 'x' }, { 'attributes.token_hmac': expect.any(String) }],
    [{ address: 'http://x', token: 't', nope: 1 }, { attributes: expect.any(String) }],
    [
      { address: 'http://x', token: 't', client_certificate_key: 'k' },
      { 'attributes.client_certificate': expect.any(String) },
    ],
  ])('create refuses %j', async (given, fields) => {
    expect(fieldsOf(await refusal({ type: 'vault', attributes: given }))).toEqual(fields);
  });

  describe('libraries', () => {
    let store: string;
    beforeAll(async () => {
      vault.reset();
      store = (await create({ type: 'vault', attributes: attributes() })).id;
    });

    const make = async (item: object): Promise<any> =>
      (
        await controller.admin.call('CredentialLibraryService/CreateCredentialLibrary', {
          item: { credential_store_id: store, ...item },
        })
      ).item;
    const change = (id: string, version: number, item: object, update_mask: string[]) =>
      controller.admin.call('CredentialLibraryService/UpdateCredentialLibrary', {
        id,
        item: { version, ...item },
        update_mask,
      });

    test('create, update, list and delete a generic one', async () => {
      const { admin } = controller;
      const made = await make({
        name: 'lib',
        credential_type: 'username_password',
        credential_mapping_overrides: { username_attribute: 'user' },
        attributes: { path: 'kv/data/x', http_method: 'POST', http_request_body: '{"secret":1}' },
      });
      expect(made).toMatchObject({
        id: expect.stringMatching(/^clvlt_/),
        credential_store_id: store,
        type: 'vault-generic',
        credential_type: 'username_password',
        credential_mapping_overrides: { username_attribute: 'user' },
        attributes: { path: 'kv/data/x', http_method: 'POST', http_request_body: '{"secret":1}' },
        version: 1,
      });
      const item = { credential_mapping_overrides: { username_attribute: null, password_attribute: '/p' } };
      const mask = [
        'credential_mapping_overrides.username_attribute',
        'credential_mapping_overrides.password_attribute',
      ];
      const changed = (await change(made.id, 1, item, mask)).item;
      expect(changed.credential_mapping_overrides).toEqual({ password_attribute: '/p' });
      expect(changed.attributes).toEqual(made.attributes);
      const body = await change(made.id, 2, { attributes: {} }, ['attributes.http_request_body']);
      expect(body.item.attributes).toEqual({ path: 'kv/data/x', http_method: 'POST' });
      const { items } = await admin.call('CredentialLibraryService/ListCredentialLibraries', {
        credential_store_id: store,
      });
      expect(items).toMatchObject([{ id: made.id, version: 3 }]);
      await admin.call('CredentialLibraryService/DeleteCredentialLibrary', { id: made.id });
      expect(await admin.refusal('CredentialLibraryService/GetCredentialLibrary', { id: made.id })).toMatchObject({
        status: 404,
      });
    });

    test('the other types have a credential type of their own', async () => {
      const ssh = await make({
        type: 'vault-ssh-certificate',
        attributes: { path: 'ssh/sign/role', username: 'u', key_type: 'ecdsa', extensions: { 'permit-pty': '' } },
      });
      expect(ssh).toMatchObject({
        id: expect.stringMatching(/^clvsclt_/),
        credential_type: 'ssh_certificate',
        attributes: { key_type: 'ecdsa', key_bits: 256, extensions: { 'permit-pty': '' } },
      });
      const ldap = await make({ type: 'vault-ldap', attributes: { path: 'ldap/creds/role' } });
      expect(ldap).toMatchObject({ credential_type: 'username_password_domain' });
      expect(ldap.id).toMatch(/^clvllt_/);
    });

    test.each([
      [{}, { 'attributes.path': 'This is a required field.' }],
      [{ type: 'nope' }, { type: 'This field must be a known credential library type.' }],
      [{ attributes: { nope: 1 } }, { attributes: 'Attribute fields do not match the expected format.' }],
      [{ credential_type: 'nope', attributes: { path: 'x' } }, { credential_type: expect.any(String) }],
      [
        { attributes: { path: 'x', http_method: 'PUT' } },
        { 'attributes.http_method': "If set, value must be 'GET' or 'POST'." },
      ],
      [{ attributes: { path: 'x', http_request_body: 'b' } }, { 'attributes.http_request_body': expect.any(String) }],
      [
        { credential_mapping_overrides: { username_attribute: 'x' }, attributes: { path: 'x' } },
        { credential_mapping_overrides: expect.stringContaining('username_attribute') },
      ],
      [{ type: 'vault-ldap', attributes: { path: 'x' } }, { 'attributes.path': expect.any(String) }],
      [
        { type: 'vault-ssh-certificate', attributes: { path: 'ssh/sign/r', username: 'u', key_bits: 7 } },
        { 'attributes.key_bits': expect.any(String) },
      ],
      [
        { credential_store_id: 'csst_1234567890', attributes: { path: 'x' } },
        { credential_store_id: expect.any(String) },
      ],
    ])('create refuses %j', async (item, fields) => {
      const request = { item: { credential_store_id: store, ...item } };
      const refused = await controller.admin.refusal('CredentialLibraryService/CreateCredentialLibrary', request);
      expect(fieldsOf(refused)).toEqual(fields);
    });
  });
});
