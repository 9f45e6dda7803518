/**
 * OIDC and LDAP auth methods and their accounts: what is stored, what is shown, what is refused.
 */
import { derivedId } from '../../../lib/ids/derived';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { testAuthority, testCertificate } from '../../../test/harness/test-authority';
import { accountService } from '../accounts/accounts.rpc';
import { row, sql } from '../db/db';
import { authMethodService } from './auth-methods.rpc';
import { PasswordQueue } from './passwords';
import type { CiphertextColumn } from '../kms/ciphertexts';

let controller: TestController;

beforeAll(async () => {
  controller = await startTestController((deps) => {
    const passwords = new PasswordQueue({ concurrent: 1, clock: deps.clock });
    return [authMethodService(deps, passwords), accountService(deps, passwords)];
  });
});
afterAll(() => controller.stop());

const OIDC = {
  issuer: 'https://idp.example.org',
  client_id: 'cid',
  client_secret: 'a secret',
  api_url_prefix: 'https://api.example.org/',
  signing_algorithms: ['RS256', 'ES256'],
};
const LDAP = { urls: ['ldaps://b.example.org', 'ldap://a.example.org'] };

const create = async (type: string, attributes: object, item: object = {}): Promise<any> => {
  const request = { item: { scope_id: DEV.org, type, attributes, ...item } };
  return (await controller.admin.call('AuthMethodService/CreateAuthMethod', request)).item;
};
const refusal = async (type: string, attributes: object | undefined): Promise<Record<string, string>> => {
  const item = { scope_id: DEV.org, type, attributes };
  return fieldsOf(await controller.admin.refusal('AuthMethodService/CreateAuthMethod', { item }));
};
const read = async (id: string): Promise<any> =>
  (await controller.admin.call('AuthMethodService/GetAuthMethod', { id })).item;
const change = (id: string, version: number, attributes: object) => ({
  id,
  item: { version, attributes },
  update_mask: Object.keys(attributes).map((name) => `attributes.${name}`),
});
const update = async (id: string, version: number, attributes: object): Promise<any> =>
  (await controller.admin.call('AuthMethodService/UpdateAuthMethod', change(id, version, attributes))).item;
const state = (id: string, version: number, attributes: object) => ({ id, version, attributes });

test('an OIDC method: lists as given on create and sorted afterwards, the secret only as an HMAC', async () => {
  const made = await create('oidc', { ...OIDC, max_age: 0, prompts: ['login', 'consent'] }, { name: 'sso' });
  expect(made).toMatchObject({ id: expect.stringMatching(/^amoidc_[0-9A-Za-z]{10}$/), type: 'oidc', version: 1 });
  expect(made.authorized_actions).toContain('change-state');
  const { client_secret: _, ...open } = OIDC;
  expect(made.attributes).toEqual({
    ...open,
    state: 'inactive',
    max_age: 0,
    prompts: ['login', 'consent'],
    client_secret_hmac: expect.stringMatching(/^[\w-]{43}$/),
    callback_url: 'https://api.example.org/v1/auth-methods/oidc:authenticate:callback',
  });
  const sorted = { signing_algorithms: ['ES256', 'RS256'], prompts: ['consent', 'login'] };
  expect((await read(made.id)).attributes).toEqual({ ...made.attributes, ...sorted });
  const cleared = await update(made.id, 1, { max_age: null, prompts: [], client_id: ' cid2 ' });
  expect(cleared).toMatchObject({ version: 2, name: 'sso', attributes: { client_id: 'cid2' } });
  expect(Object.keys(cleared.attributes)).not.toEqual(expect.arrayContaining(['max_age']));
  expect(cleared.attributes.client_secret_hmac).toBe(made.attributes.client_secret_hmac);
  const renewed = await update(made.id, 2, { client_secret: 'another' });
  expect(renewed.attributes.client_secret_hmac).not.toBe(made.attributes.client_secret_hmac);
});

test('secrets are encrypted, each bound to its column and its row', async () => {
  const { deps } = controller;
  const made = await create('oidc', OIDC);
  const stored = (await row<{ client_secret: Buffer; client_secret_key_id: string }>(
    deps.db.executor,
    sql`select client_secret, client_secret_key_id from oidc_auth_methods where id = ${made.id}`,
  ))!;
  expect(stored.client_secret.includes('a secret')).toBe(false);
  const open = (column: CiphertextColumn, id: string): Promise<Buffer> =>
    deps.kms.decrypt(deps.db.executor, stored.client_secret_key_id, stored.client_secret, { column, row: id });
  expect((await open('oidc_auth_methods.client_secret', made.id)).toString()).toBe('a secret');
  await expect(open('ldap_auth_methods.bind_password', made.id)).rejects.toThrow();
  await expect(open('oidc_auth_methods.client_secret', 'amoidc_0000000000')).rejects.toThrow();
});

const CREATE = 'Field required for creating an OIDC auth method.';
test.each([
  [
    'oidc',
    undefined,
    {
      'attributes.api_url_prefix': 'This field is required.',
      'attributes.client_id': CREATE,
      'attributes.client_secret': CREATE,
    },
  ],
  [
    'oidc',
    { ...OIDC, signing_algorithms: ['HS256'] },
    { 'attributes.signing_algorithms': /unsupported algorithm "HS256"/ },
  ],
  ['oidc', { ...OIDC, issuer: 'ftp://x' }, { 'attributes.issuer': /http or https/ }],
  ['oidc', { ...OIDC, api_url_prefix: 'nonsense' }, { 'attributes.api_url_prefix': /cannot be parsed/ }],
  ['oidc', { ...OIDC, claims_scopes: ['openid'] }, { 'attributes.claims_scopes': /openid/ }],
  ['oidc', { ...OIDC, prompts: ['none', 'login'] }, { 'attributes.prompts': /only prompt/ }],
  ['oidc', { ...OIDC, account_claim_maps: ['a=b'] }, { 'attributes.account_claim_maps': /invalid map/ }],
  ['oidc', { ...OIDC, account_claim_maps: ['a=sub', 'b=sub'] }, { 'attributes.account_claim_maps': /more than one/ }],
  ['oidc', { ...OIDC, idp_ca_certs: ['x'] }, { 'attributes.idp_ca_certs': /PEM/ }],
  ['oidc', { ...OIDC, allowed_audiences: [' '] }, { 'attributes.allowed_audiences': /empty/ }],
  ['oidc', { ...OIDC, state: 'active-public' }, { 'attributes.state': 'Field is read only.' }],
  ['oidc', { ...OIDC, dry_run: true }, { 'attributes.dry_run': 'Field is not allowed at create time.' }],
  ['oidc', { ...OIDC, urls: ['x'] }, { attributes: 'Attribute fields do not match the expected format.' }],
  ['oidc', { ...OIDC, max_age: 4e9 }, { 'attributes.max_age': /at most/ }],
  ['ldap', undefined, { 'attributes.urls': 'At least one URL is required' }],
  ['ldap', { urls: ['http://x'] }, { 'attributes.urls': 'http scheme in url "http://x" is not either ldap or ldaps' }],
  ['ldap', { ...LDAP, bind_dn: 'cn=x' }, { 'attributes.bind_password': /together with bind_dn/ }],
  ['ldap', { ...LDAP, bind_password: 'x' }, { 'attributes.bind_dn': /together with bind_password/ }],
  ['ldap', { ...LDAP, state: 'on' }, { 'attributes.state': /Only supported values/ }],
  ['ldap', { ...LDAP, dereference_aliases: 'x' }, { 'attributes.dereference_aliases': /Must be one of/ }],
  ['ldap', { ...LDAP, client_certificate_key: 'x' }, { 'attributes.client_certificate_key': /PEM/ }],
  ['saml', {}, { type: 'This is a required field and must be "password".' }],
])('%s %j is refused', async (type, attributes, fields) => {
  const got = await refusal(type, attributes);
  for (const [name, text] of Object.entries(fields)) {
    if (text instanceof RegExp) expect(got[name]).toMatch(text);
    else expect(got[name]).toBe(text);
  }
});

test('an LDAP method: set, changed, cleared; urls are shown sorted', async () => {
  const made = await create('ldap', { ...LDAP, bind_dn: 'cn=x', bind_password: 'secret', discover_dn: true });
  expect(made.attributes).toEqual({
    state: 'inactive',
    urls: ['ldap://a.example.org', 'ldaps://b.example.org'],
    bind_dn: 'cn=x',
    bind_password_hmac: expect.any(String),
    discover_dn: true,
  });
  const changed = await update(made.id, 1, { state: 'active-public', user_attr: 'uid', maximum_page_size: 10 });
  expect(changed.attributes).toMatchObject({ state: 'active-public', user_attr: 'uid', maximum_page_size: 10 });
  const half = change(made.id, 2, { bind_dn: null });
  const refused = await controller.admin.refusal('AuthMethodService/UpdateAuthMethod', half);
  expect(fieldsOf(refused)).toEqual({ 'attributes.bind_dn': 'This field is required together with bind_password.' });
  const bare = await update(made.id, 2, { bind_dn: null, bind_password: null, discover_dn: null, user_attr: null });
  expect(bare.attributes).toEqual({
    state: 'active-public',
    urls: made.attributes.urls,
    maximum_page_size: 10,
  });
  const stale = await controller.admin.refusal(
    'AuthMethodService/UpdateAuthMethod',
    change(made.id, 1, { urls: ['ldap://c'] }),
  );
  expect(stale).toMatchObject({
    status: 404,
    message: `AuthMethod \\"${made.id}\\" doesn't exist or incorrect version provided.`,
  });
});

test('a client certificate comes and goes with its key, of which an HMAC is shown', async () => {
  const { cert, key } = await testCertificate(await testAuthority());
  const pair = { client_certificate: String(cert).trim(), client_certificate_key: String(key) };
  const made = await create('ldap', { ...LDAP, ...pair });
  expect(made.attributes).toMatchObject({
    client_certificate: pair.client_certificate,
    client_certificate_key_hmac: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(JSON.stringify(made)).not.toContain('PRIVATE KEY');
  const nothing = { client_certificate: null, client_certificate_key: null };
  expect(Object.keys((await update(made.id, 1, nothing)).attributes)).toEqual(['urls', 'state']);
});

describe('states of an OIDC method', () => {
  let provider: Server;
  let issuer: string;
  let document: () => unknown;

  beforeAll(async () => {
    provider = createServer((request, response) => {
      const known = request.url === '/.well-known/openid-configuration';
      response.statusCode = known ? 200 : 404;
      response.end(JSON.stringify(document()));
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => provider.close(resolve)));
  beforeEach(() => {
    document = () => ({ issuer, id_token_signing_alg_values_supported: ['RS256', 'EdDSA'] });
  });

  const withProvider = (more: object = {}): Promise<any> =>
    create('oidc', { ...OIDC, issuer, signing_algorithms: ['RS256'], ...more });
  const setState = (request: object): Promise<any> => controller.admin.call('AuthMethodService/ChangeState', request);
  const refused = async (method: string, request: object): Promise<Record<string, string>> =>
    fieldsOf(await controller.admin.refusal(`AuthMethodService/${method}`, request));

  test('becomes active when the provider agrees, and stays at its version when nothing changes', async () => {
    const { id } = await withProvider();
    const active = await setState(state(id, 1, { state: 'active-private' }));
    expect(active.item).toMatchObject({ version: 2, attributes: { state: 'active-private' } });
    expect((await setState(state(id, 2, { state: 'active-private' }))).item.version).toBe(2);
    const open = await setState(state(id, 2, { state: 'active-public' }));
    expect(open.item).toMatchObject({ version: 3, attributes: { state: 'active-public' } });
    expect((await setState(state(id, 3, { state: 'inactive' }))).item).toMatchObject({ version: 4 });
  });

  test('is refused when the provider does not agree', async () => {
    const { id } = await withProvider();
    const request = state(id, 1, { state: 'active-public' });
    document = () => ({ issuer: 'https://other.example.org' });
    expect(await refused('ChangeState', request)).toEqual({ 'attributes.issuer': expect.stringMatching(/names/) });
    document = () => ({ issuer, id_token_signing_alg_values_supported: ['ES256'] });
    expect(await refused('ChangeState', request)).toEqual({
      'attributes.signing_algorithms': 'The provider does not support "RS256".',
    });
    for (const other of ['x'.repeat(300_000), {}, { status: 'up' }, { issuer: [issuer] }, [issuer], null]) {
      document = () => other;
      expect(await refused('ChangeState', request)).toEqual({
        'attributes.issuer': "The provider's configuration could not be reached.",
      });
    }
    const forced = { ...request, attributes: { state: 'active-public', disable_discovered_config_validation: true } };
    expect((await setState(forced)).item.attributes).toMatchObject({
      state: 'active-public',
      disable_discovered_config_validation: true,
    });
  });

  test('must be complete', async () => {
    const { id } = await create('oidc', { ...OIDC, issuer: undefined, signing_algorithms: undefined });
    const request = state(id, 1, { state: 'active-public', disable_discovered_config_validation: true });
    const missing = 'This field is required for an active OIDC auth method.';
    expect(await refused('ChangeState', request)).toEqual({
      'attributes.issuer': missing,
      'attributes.signing_algorithms': missing,
    });
  });

  test('an active method stays usable; a dry run stores nothing', async () => {
    const { id } = await withProvider();
    await setState(state(id, 1, { state: 'active-public' }));
    expect(await refused('UpdateAuthMethod', change(id, 2, { signing_algorithms: ['ES256'] }))).toEqual({
      'attributes.signing_algorithms': 'The provider does not support "ES256".',
    });
    expect(await refused('UpdateAuthMethod', change(id, 2, { issuer: null }))).toEqual({
      'attributes.issuer': 'This field is required for an active OIDC auth method.',
    });
    const tried = await update(id, 2, { signing_algorithms: ['EdDSA'], dry_run: true });
    expect(tried).toMatchObject({ version: 2, attributes: { signing_algorithms: ['EdDSA'] } });
    expect((await read(id)).attributes.signing_algorithms).toEqual(['RS256']);
    expect(await refused('UpdateAuthMethod', change(id, 2, { client_secret: null }))).toEqual({
      'attributes.client_secret': 'This field cannot be cleared.',
    });
  });

  test('requests that are no change of state', async () => {
    const { id } = await withProvider();
    expect(await refused('ChangeState', state(id, 1, { state: 'nope' }))).toEqual({
      'attributes.state': 'Only supported values are "inactive", "active-private", or "active-public".',
    });
    expect(await refused('ChangeState', { id })).toEqual({
      attributes: 'This is a required field.',
      'attributes.state': expect.any(String),
      version: 'Existing resource version is required for an update.',
    });
    const other = state(DEV.authMethod, 1, { state: 'inactive' });
    expect(await controller.admin.refusal('AuthMethodService/ChangeState', other)).toMatchObject({ status: 404 });
    const stale = state(id, 7, { state: 'inactive' });
    expect(await controller.admin.refusal('AuthMethodService/ChangeState', stale)).toMatchObject({ status: 404 });
    const unseen = await controller.user.refusal('AuthMethodService/ChangeState', state(id, 1, { state: 'inactive' }));
    expect(unseen).toMatchObject({ status: 403 });
  });
});

test('callers who are not logged in see password methods and public others, and only those count', async () => {
  await create('ldap', LDAP, { scope_id: 'global', name: 'hidden' });
  const open = await create('ldap', { ...LDAP, state: 'active-public' }, { scope_id: 'global', name: 'open' });
  const request = { scope_id: 'global' };
  const seen = await controller.anonymous.call('AuthMethodService/ListAuthMethods', request);
  expect(seen.items.map((item: { id: string }) => item.id)).toEqual([open.id, DEV.authMethod]);
  expect(seen.est_item_count).toBe(2);
  expect(seen.items[0]).not.toHaveProperty('attributes');
  const all = await controller.admin.call('AuthMethodService/ListAuthMethods', request);
  expect(all.items).toHaveLength(3);
});

test('logging in through them is refused with the reason', async () => {
  const login = (auth_method_id: string, command: string, attributes?: object): Promise<any> =>
    controller.admin.refusal('AuthMethodService/Authenticate', { auth_method_id, command, attributes });
  const oidc = await create('oidc', OIDC);
  expect(await login(oidc.id, 'start')).toMatchObject({
    status: 400,
    kind: 'FailedPrecondition',
    message: 'Cannot start authentication against an inactive OIDC auth method',
  });
  expect(fieldsOf(await login(oidc.id, 'login'))).toEqual({ command: 'Invalid command for this auth method type.' });
  const ldap = await create('ldap', LDAP);
  const refused = await login(ldap.id, '', { login_name: 'ann', password: 'x' });
  expect(refused).toMatchObject({ status: 405, message: expect.stringMatching(/not available in this release/) });
});

describe('accounts', () => {
  const account = async (auth_method_id: string, attributes: object): Promise<any> =>
    (await controller.admin.call('AccountService/CreateAccount', { item: { auth_method_id, attributes } })).item;
  const refused = async (auth_method_id: string, attributes: object): Promise<Record<string, string>> =>
    fieldsOf(await controller.admin.refusal('AccountService/CreateAccount', { item: { auth_method_id, attributes } }));

  test('oidc: subject and issuer, unique together, fixed afterwards', async () => {
    const { id } = await create('oidc', OIDC);
    const made = await account(id, { subject: 'sub1' });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^acctoidc_[0-9A-Za-z]{10}$/),
      type: 'oidc',
      attributes: { issuer: OIDC.issuer, subject: 'sub1' },
      authorized_actions: ['no-op', 'read', 'update', 'delete'],
    });
    expect(await refused(id, {})).toEqual({ 'attributes.subject': 'This is a required field for this type.' });
    expect(await refused(id, { subject: 'x', email: 'a@b' })).toEqual({
      'attributes.email': 'This is a read only field.',
    });
    const twice = { item: { auth_method_id: id, attributes: { subject: 'sub1' } } };
    expect(await controller.admin.refusal('AccountService/CreateAccount', twice)).toMatchObject({ status: 400 });
    await account(id, { subject: 'sub1', issuer: 'https://other.example.org' });
    const renamed = { id: made.id, item: { version: 1, name: 'ann' }, update_mask: ['name'] };
    expect((await controller.admin.call('AccountService/UpdateAccount', renamed)).item).toMatchObject({
      name: 'ann',
      version: 2,
      attributes: { subject: 'sub1' },
    });
    const moved = {
      id: made.id,
      item: { version: 2, attributes: { subject: 'y' } },
      update_mask: ['attributes.subject'],
    };
    expect(fieldsOf(await controller.admin.refusal('AccountService/UpdateAccount', moved))).toEqual({
      'attributes.subject': 'Field cannot be updated.',
    });
    const listed = await controller.admin.call('AccountService/ListAccounts', { auth_method_id: id });
    expect(listed.items).toHaveLength(2);
  });

  test('oidc: a method without an issuer needs one with the account', async () => {
    const { id } = await create('oidc', { ...OIDC, issuer: undefined });
    expect(await refused(id, { subject: 'x' })).toHaveProperty(['attributes.issuer']);
  });

  test('ids follow from who it is; an account that is back is not told as deleted', async () => {
    const { admin } = controller;
    const oidc = await create('oidc', OIDC);
    const ldap = await create('ldap', LDAP);
    const made = await account(oidc.id, { subject: 'again' });
    expect(made.id).toBe(derivedId('acctoidc', oidc.id, OIDC.issuer, 'again'));
    expect((await account(ldap.id, { login_name: 'ann' })).id).toBe(derivedId('acctldap', ldap.id, 'ann'));
    const { list_token } = await admin.call('AccountService/ListAccounts', { auth_method_id: oidc.id });
    await admin.call('AccountService/DeleteAccount', { id: made.id });
    const back = await account(oidc.id, { subject: 'again' });
    expect(back.id).toBe(made.id);
    const changes = await admin.call('AccountService/ListAccounts', { auth_method_id: oidc.id, list_token });
    expect(changes.items.map((item: any) => item.id)).toEqual([made.id]);
    expect(changes.removed_ids ?? []).toEqual([]);
  });

  test('ids that follow from who it is tell anonymous callers nothing; random ones keep their 404', async () => {
    const method = await create('ldap', LDAP);
    const item = { auth_method_id: method.id, type: 'ldap', attributes: { login_name: 'jane' } };
    const { id } = (await controller.admin.call('AccountService/CreateAccount', { item })).item;
    const { anonymous, admin } = controller;
    const requests: [string, object][] = [
      ['GetAccount', {}],
      ['UpdateAccount', { item: { version: 1, name: 'n' }, update_mask: ['name'] }],
      ['DeleteAccount', {}],
    ];
    for (const [verb, request] of requests) {
      const refused = async (one: string) => {
        const { status, kind, message } = await anonymous.refusal(`AccountService/${verb}`, { ...request, id: one });
        return { status, kind, message };
      };
      const there = await refused(id);
      expect([verb, there.status]).toEqual([verb, 401]);
      for (const nobody of ['acctldap_AAAAAAAAAA', 'acctoidc_AAAAAAAAAA']) expect(await refused(nobody)).toEqual(there);
      expect((await refused('acctpw_AAAAAAAAAA')).status).toBe(404);
    }
    const unknown = { id: 'acctldap_AAAAAAAAAA' };
    expect(await admin.refusal('AccountService/GetAccount', unknown)).toMatchObject({ status: 404 });
  });

  test('ldap: a login name in lower case', async () => {
    const { id } = await create('ldap', LDAP);
    expect((await account(id, { login_name: 'ann' })).attributes).toEqual({ login_name: 'ann' });
    expect(await refused(id, { login_name: 'Ann' })).toHaveProperty(['attributes.login_name']);
    expect(await refused(id, {})).toEqual({ 'attributes.login_name': 'This is a required field for this type.' });
    const password = { id: 'acctldap_1234567890', version: 1, password: 'password' };
    expect(fieldsOf(await controller.admin.refusal('AccountService/SetPassword', password))).toEqual({
      id: 'Improperly formatted identifier.',
    });
  });
});

test('secrets are kept back after a change of where they go, and come back with it', async () => {
  const changed = async (made: { id: string }, version: number, attributes: Record<string, unknown>) => {
    const update_mask = Object.keys(attributes).map((name) => `attributes.${name}`);
    const request = { id: made.id, item: { version, attributes }, update_mask };
    return (await controller.admin.call('AuthMethodService/UpdateAuthMethod', request)).item.attributes.warning as
      string | undefined;
  };
  const oidc = await create('oidc', OIDC);
  expect(oidc.attributes.warning).toBeUndefined();
  expect(await changed(oidc, 1, { issuer: 'https://evil.example' })).toContain('client_secret is kept back');
  expect(await changed(oidc, 2, { issuer: OIDC.issuer })).toBeUndefined();
  const moved = { issuer: 'https://other.example', client_secret: 'anew' };
  expect(await changed(oidc, 3, moved)).toBeUndefined();
  expect(await changed(oidc, 4, { issuer: OIDC.issuer })).toContain('client_secret is kept back');

  const urls = ['ldaps://a.example', 'ldaps://b.example'];
  const ldap = await create('ldap', { urls, start_tls: true, bind_dn: 'cn=x', bind_password: 'hush' });
  expect(await changed(ldap, 1, { urls: [urls[1]] })).toBeUndefined();
  expect(await changed(ldap, 2, { urls: [...urls, 'ldap://evil.example'] })).toContain('bind_password is kept back');
  expect(await changed(ldap, 3, { urls })).toBeUndefined();
  expect(await changed(ldap, 4, { start_tls: false })).toContain('bind_password is kept back');
  expect(await changed(ldap, 5, { start_tls: true })).toBeUndefined();
  expect(await changed(ldap, 6, { insecure_tls: true })).toContain('bind_password is kept back');
});
