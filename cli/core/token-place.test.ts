/** Where tokens and passwords go, seen by the servers that get them or do not. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCannedServer, type CannedServer } from '../testing/canned-server';
import { runCli, type Outcome } from '../testing/run';
import { parseAddress } from './address';
import { openKeyring } from './keyring/keyring';
import { checkPlace } from './token-place';

const TOKEN = { id: 'at_1234567890', token: 'at_1234567890_s3cret' };

let here: CannedServer;
let elsewhere: CannedServer;
let home: string;
beforeAll(async () => {
  [here, elsewhere] = [await startCannedServer(), await startCannedServer()];
});
afterAll(() => [here, elsewhere].forEach((server) => server.stop()));
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sallyport-place-'));
  for (const server of [here, elsewhere]) {
    server.reset();
    server.otherwise = (method) => (/Authenticate$/.test(method) ? { attributes: TOKEN } : {});
  }
});
afterEach(() => rmSync(home, { recursive: true }));

const run = (argv: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  runCli(argv, { env: { HOME: home, PATH: '', SALLYPORT_KEYRING_TYPE: 'file', PW: 'pw', T: TOKEN.token, ...env } });
const read = (address: string, ...flags: string[]): Promise<Outcome> =>
  run(['targets', 'read', '-id', 'ttcp_1', '-addr', address, ...flags]);
const logIn = (address: string, ...flags: string[]): Promise<Outcome> =>
  run([
    'authenticate',
    'password',
    '-auth-method-id',
    'ampw_1',
    '-login-name',
    'n',
    '-password',
    'env://PW',
    '-addr',
    address,
    ...flags,
  ]);
const keyring = () => openKeyring('file', { HOME: home });
const bearers = (server: CannedServer) => server.seen.map((call) => call.authorization);

/** The same server by a name that is none of this machine for sure. */
const remote = (server: CannedServer): string => server.address.replace('127.0.0.1', '0.0.0.0');

test('a stored token goes to the address of its login and nowhere else', async () => {
  expect((await logIn(here.address)).exit).toBe(0);
  here.reset();
  expect((await read(here.address)).exit).toBe(0);
  const refused = await read(elsewhere.address);
  expect([refused.exit, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).toContain(`made at ${here.address} and is not sent to ${elsewhere.address}`);
  expect(refused.stderr).not.toContain('s3cret');
  expect(bearers(here)).toEqual([`Bearer ${TOKEN.token}`]);
  expect(elsewhere.seen).toEqual([]);
  // Another scheme is another address.
  expect((await read(here.address.replace('http:', 'https:'))).stderr).toContain('is not sent to https:');
});

test.each([['-allow-other-address'], ['SALLYPORT_ALLOW_OTHER_ADDRESS=1']])('%s sends it elsewhere', async (how) => {
  await logIn(here.address);
  const [name, value] = how.split('=');
  const env = value === undefined ? {} : { [name!]: value };
  const flags = value === undefined ? [how] : [];
  expect((await run(['targets', 'read', '-id', 'ttcp_1', '-addr', elsewhere.address, ...flags], env)).exit).toBe(0);
  expect(bearers(elsewhere)).toEqual([`Bearer ${TOKEN.token}`]);
  // What was allowed once binds nothing.
  expect((await read(elsewhere.address)).exit).toBe(2);
});

test('every other command asks the same question: logout, the cache, updates that read first', async () => {
  await logIn(here.address);
  const at = ['-addr', elsewhere.address];
  expect((await run(['logout', ...at])).exit).toBe(2);
  expect((await run(['cache', 'add-token', ...at])).stderr).toContain('is not sent to');
  expect((await run(['search', '-resource', 'targets', ...at])).stderr).toContain('is not sent to');
  expect((await run(['users', 'update', '-id', 'u_1', '-name', 'x', ...at, '-output-curl-string'])).exit).toBe(2);
  expect((await run(['connect', '-target-id', 'ttcp_1', ...at])).exit).toBe(2);
  expect(elsewhere.seen).toEqual([]);
  expect(await (await keyring()).read('default')).toMatchObject(TOKEN);
});

test('a token of an older release is bound where it is accepted first, not where nobody answers', async () => {
  await (await keyring()).write('default', TOKEN);
  expect((await read('http://127.0.0.1:1')).exit).toBe(2);
  expect((await read(here.address)).exit).toBe(0);
  expect(await (await keyring()).read('default')).toEqual({ ...TOKEN, bound_address: here.address });
  expect((await read(elsewhere.address)).exit).toBe(2);
  expect(elsewhere.seen).toEqual([]);
});

test('tokens that the user names are bound to nothing', async () => {
  await logIn(here.address);
  expect((await read(elsewhere.address, '-token', 'env://T')).exit).toBe(0);
  expect(
    (await run(['targets', 'read', '-id', 't', '-addr', elsewhere.address], { SALLYPORT_TOKEN: TOKEN.token })).exit,
  ).toBe(0);
  expect(bearers(elsewhere)).toEqual([`Bearer ${TOKEN.token}`, `Bearer ${TOKEN.token}`]);
});

test('neither tokens nor passwords leave this machine in clear, unless the user says so', async () => {
  const named = await read(remote(here), '-token', 'env://T');
  const login = await logIn(remote(here));
  expect([named.exit, login.exit]).toEqual([2, 2]);
  for (const { stderr } of [named, login]) expect(stderr).toMatch(/no TLS.*-allow-clear-text/);
  expect(here.seen).toEqual([]);
  expect((await read(remote(here), '-keyring-type', 'none')).exit).toBe(0);
  expect((await read(remote(here), '-token', 'env://T', '-allow-clear-text')).exit).toBe(0);
  expect((await logIn(remote(here), '-allow-clear-text')).exit).toBe(0);
  expect(bearers(here)).toEqual([undefined, `Bearer ${TOKEN.token}`, undefined]);
});

test.each([
  ['http://127.0.0.1:1', true],
  ['http://127.8.9.1:1', true],
  ['http://localhost:1', true],
  ['http://[::1]:1', true],
  ['unix:///run/x', true],
  ['https://controller.example', true],
  ['http://localhost.example:1', false],
  ['http://name.localhost:1', false],
  ['http://127.0.0.1.example:1', false],
  ['http://10.0.0.1', false],
  ['http://[::ffff:7f00:1]:1', false],
  ['http://[fe80::1]:1', false],
])('%s may get a token without a flag: %s', (text, may) => {
  const check = () => checkPlace(undefined, parseAddress(text), { otherAddress: false, clearText: false });
  if (may) expect(check).not.toThrow();
  else expect(check).toThrow('no TLS');
});

test('what is stored stays readable: one more attribute', async () => {
  await logIn(here.address);
  const text = readFileSync(join(home, '.sallyport', 'tokens', 'default'), 'utf8');
  const stored = JSON.parse(Buffer.from(text, 'base64').toString()) as object;
  expect(stored).toEqual(expect.objectContaining({ ...TOKEN, bound_address: here.address }));
});

test('-token takes no token itself, however it is spelled', async () => {
  for (const text of [TOKEN.token, `string://${TOKEN.token}`]) {
    const { exit, stderr } = await read(here.address, '-token', text);
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: '-token must be env://NAME or file://PATH, never the token itself\n',
    });
  }
  expect(here.seen).toEqual([]);
});
