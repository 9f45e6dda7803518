import { brokeredCredentials } from '../output/brokered-credentials';
import { BrokeredCredentials, type SessionCredential } from './credentials';

const raw = (secret: unknown): string => Buffer.from(JSON.stringify(secret)).toString('base64');

/** A credential with a declared type. */
const typed = (id: string, type: string, secret: Record<string, string>): SessionCredential => ({
  credential_source: { id, type: 'static', credential_store_id: 'csst_1', credential_type: type },
  secret: { raw: raw(secret), ...(secret instanceof Object ? { decoded: { ...secret } } : {}) },
  credential: secret,
});

/** One of Vault without a type. */
const untyped = (id: string, secret: unknown): SessionCredential => ({
  credential_source: { id, type: 'vault-generic', credential_store_id: 'csvlt_1' },
  secret: { raw: raw(secret), ...(secret instanceof Object ? { decoded: { ...secret } } : {}) },
});

const login = (id: string) => typed(id, 'username_password', { username: `user-${id}`, password: 'p' });
const ids = (credentials: readonly SessionCredential[]) => credentials.map((one) => one.credential_source?.id);

test('the first credential of a kind is taken, the others are offered in their order', () => {
  const all = new BrokeredCredentials([typed('j', 'json', { a: '1' }), login('a'), login('b')]);
  expect(all.takeUsernamePassword()).toEqual({ username: 'user-a', password: 'p' });
  expect([ids(all.toType), ids(all.others)]).toEqual([[], ['j', 'b']]);
  expect(all.takePassword()).toBeUndefined();
  expect(all.takeSshPrivateKey()).toBeUndefined();
});

test('what a person has to type is shown: what a program asks for, or the first one where it takes none', () => {
  const all = new BrokeredCredentials([typed('j', 'json', { a: '1' }), login('a'), login('b')]);
  expect([ids(all.toType), ids(all.others)]).toEqual([['j'], ['a', 'b']]);
  expect(all.typedUsernamePassword()?.username).toBe('user-a');
  expect([ids(all.toType), ids(all.others)]).toEqual([['a'], ['j', 'b']]);
});

test('a user name chooses, whatever the kind', () => {
  const key = typed('k', 'ssh_private_key', { username: 'user-b', private_key: 'KEY' });
  const all = new BrokeredCredentials([login('a'), login('b'), key], 'user-b');
  expect(all.takeUsernamePassword()?.username).toBe('user-b');
  expect(all.takeSshPrivateKey()?.privateKey).toBe('KEY');
  expect([ids(all.toType), ids(all.others)]).toEqual([[], ['a']]);
  expect(new BrokeredCredentials([login('a')], 'nobody').takeUsernamePassword()?.username).toBe('user-a');
  expect(new BrokeredCredentials([login('a'), login('b')], 'user-b').takeWhole()?.texts.username).toBe('user-b');
});

test('a program without a form of its own gets the whole secret, whatever it is', () => {
  const whole = (credential: SessionCredential) => new BrokeredCredentials([credential]).takeWhole()!;
  expect(whole(login('a'))).toEqual({
    texts: { username: 'user-a', password: 'p' },
    json: '{"username":"user-a","password":"p"}',
  });
  expect(whole(untyped('v', { data: { k: 'x' } }))).toEqual({ texts: {}, json: '{"data":{"k":"x"}}' });
  expect(new BrokeredCredentials([]).takeWhole()).toBeUndefined();
});

test('a declared type goes before what the secret looks like', () => {
  const password = typed('p', 'password', { password: 's', username: 'not one' });
  const all = new BrokeredCredentials([password]);
  expect(all.takeUsernamePassword()).toBeUndefined();
  expect(all.takePassword()).toBe('s');
});

test.each([
  ['user name and password', { username: 'u', password: 'p', private_key: 'k' }, 'login'],
  ['password', { password: 'p', private_key: 'k' }, 'password'],
  ['private key', { username: 'u', private_key: 'k' }, 'key'],
  ['nested keys', { data: { username: 'u', password: 'p' } }, 'none'],
  ['empty values', { username: '', password: '' }, 'none'],
  ['values that are no text', { username: ['u'], password: 1 }, 'none'],
  ['no object', 'text', 'none'],
])('without a type the secret is probed: %s', (_, secret, kind) => {
  const take = () => new BrokeredCredentials([untyped('v', secret)]);
  expect({
    login: take().takeUsernamePassword() !== undefined,
    password: take().takePassword() !== undefined,
    key: take().takeSshPrivateKey() !== undefined,
  }).toEqual({ login: kind === 'login', password: kind === 'password', key: kind === 'key' });
});

test('a user name with a domain is used as a user name', () => {
  const secret = { username: 'u', password: 'p', domain: 'd' };
  const all = new BrokeredCredentials([typed('d', 'username_password_domain', secret)]);
  expect(all.takeUsernamePassword()).toEqual({ username: 'u', password: 'p' });
});

test('of a private key with a passphrase only the passphrase is for the person', () => {
  const key = { username: 'u', private_key: 'KEY', private_key_passphrase: 'pass' };
  const all = new BrokeredCredentials([typed('k', 'ssh_private_key', key), login('a')]);
  expect(all.takeSshPrivateKey()).toEqual({ username: 'u', privateKey: 'KEY', passphrase: 'pass' });
  expect([ids(all.toType), ids(all.others)]).toEqual([['k'], ['a']]);
  expect(JSON.stringify(all.toType)).not.toContain('KEY');
  expect(all.takeSshPrivateKey()).toBeUndefined();
});

test('tables: typed pairs, indented JSON and plain text, shifted below a listening block', () => {
  const plain: SessionCredential = {
    credential_source: { id: 'x' },
    secret: { raw: Buffer.from('s3').toString('base64') },
  };
  expect(brokeredCredentials([login('a'), untyped('v', { data: { k: 'x' } }), plain], 0)).toEqual([
    'Credentials:',
    '  Credential Source ID:  a',
    '  Credential Store ID:   csst_1',
    '  Credential Store Type: static',
    '  Credential Type:       username_password',
    '  Secret:',
    '        password:   p',
    '        username:   user-a',
    '',
    '  Credential Source ID:  v',
    '  Credential Store ID:   csvlt_1',
    '  Credential Store Type: vault-generic',
    '  Secret:',
    '      {',
    '          "data": {',
    '              "k": "x"',
    '          }',
    '      }',
    '',
    '  Credential Source ID: x',
    '  Secret:',
    '      s3',
    '',
  ]);
  expect(brokeredCredentials([login('a')], 2)).toEqual([
    '  Credentials:',
    '    Credential Source ID:  a',
    '    Credential Store ID:   csst_1',
    '    Credential Store Type: static',
    '    Credential Type:       username_password',
    '    Secret:',
    '          password:   p',
    '          username:   user-a',
    '',
  ]);
});
