/**
 * The command line as a gRPC client: what it sends, how it pages, what it makes of answers and of
 * servers that are no controllers. The server is a real one with canned answers, as what matters
 * here is the protocol.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createNetServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refusal, startCannedServer, type CannedServer } from '../testing/canned-server';
import { runCli } from '../testing/run';

let server: CannedServer;
let answers: CannedServer['answers'];
let seen: CannedServer['seen'];
let address: string;
let home: string;

beforeAll(async () => {
  server = await startCannedServer();
  ({ address, seen } = server);
});
afterAll(() => server.stop());

beforeEach(() => {
  server.reset();
  ({ answers } = server);
  home = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const run = (argv: string[], env: NodeJS.ProcessEnv = {}, stdin?: string) =>
  runCli(argv, {
    env: { HOME: home, PATH: '', SALLYPORT_ADDR: address, ...env },
    ...(stdin === undefined ? {} : { stdin }),
  });

const anonymous = ['-keyring-type', 'none'];
const group = { id: 'g_1', scope_id: 'p_1', version: 4, name: 'g' };

test('a token goes out as bearer; the item comes back as the JSON of the API', async () => {
  answers.getGroup = () => ({ item: group });
  const argv = ['groups', 'read', '-id', 'g_1', '-format', 'json', '-token', 'env://T', ...anonymous];
  const { exit, stdout } = await run(argv, { T: 'at_1_secret' });
  expect([exit, JSON.parse(stdout)]).toEqual([0, { status_code: 200, item: group }]);
  expect(seen).toEqual([{ method: 'getGroup', request: { id: 'g_1' }, authorization: 'Bearer at_1_secret' }]);
});

test('a token of the environment works and warns; an unset reference is anonymous', async () => {
  answers.getGroup = () => ({ item: group });
  const { stderr } = await run(['groups', 'read', '-id', 'g_1'], {
    BOUNDARY_TOKEN: 'at_1_b',
    SALLYPORT_TOKEN: 'at_1_s',
  });
  expect(stderr).toContain('-token');
  await run(['groups', 'read', '-id', 'g_1', '-token', 'env://NOPE']);
  expect(seen.map((call) => call.authorization)).toEqual(['Bearer at_1_s', undefined]);
});

test('without a version the current one is read and sent; the mask names what was given', async () => {
  answers.getTarget = () => ({ item: { id: 'ttcp_1', version: 4 } });
  answers.updateTarget = (request: { item: unknown }) => ({ item: request.item });
  const flags = ['-name', 'n', '-description', 'null', '-default-port', '99', '-default-client-port', 'null'];
  const { exit } = await run(['targets', 'update', 'tcp', '-id', 'ttcp_1', ...flags, ...anonymous]);
  expect(exit).toBe(0);
  const { request } = seen[1]!;
  expect(request.update_mask.sort()).toEqual([
    'attributes.default_client_port',
    'attributes.default_port',
    'description',
    'name',
  ]);
  expect(request.item).toMatchObject({
    version: 4,
    name: 'n',
    attributes: { default_port: 99, default_client_port: null },
  });
  expect(request.item.description).toBeUndefined();
});

test('with a version nothing is read first; sets of values go out whole', async () => {
  answers.setGroupMembers = () => ({ item: group });
  await run(['groups', 'set-members', '-id', 'g_1', '-version', '7', '-member', 'u_1', '-member', 'u_2', ...anonymous]);
  await run(['groups', 'set-members', '-id', 'g_1', '-version', '8', '-member', 'null', ...anonymous]);
  expect(seen.map((call) => call.request)).toEqual([
    { id: 'g_1', version: 7, member_ids: ['u_1', 'u_2'] },
    { id: 'g_1', version: 8, member_ids: [] },
  ]);
});

test('lists are complete: all pages, newest first, without what was removed meanwhile', async () => {
  const item = (id: string, day: number) => ({ id, created_time: new Date(Date.UTC(2024, 0, day)) });
  answers.listGroups = ({ list_token }: { list_token: string }) =>
    list_token === ''
      ? { items: [item('g_3', 3), item('g_1', 1)], response_type: 'delta', list_token: 'next' }
      : { items: [item('g_2', 2)], removed_ids: ['g_1'], response_type: 'complete', list_token: 'end' };
  const { stdout } = await run(['groups', 'list', '-scope-id', 'p_1', '-recursive', '-format', 'json', ...anonymous]);
  expect(JSON.parse(stdout).items.map((found: { id: string }) => found.id)).toEqual(['g_3', 'g_2']);
  expect(seen.map((call) => call.request)).toMatchObject([
    { scope_id: 'p_1', recursive: true, list_token: '' },
    { scope_id: 'p_1', recursive: true, list_token: 'next' },
  ]);
});

test('an empty list is null in JSON, a deletion has a status and no item', async () => {
  answers.listGroups = () => ({ response_type: 'complete' });
  answers.deleteGroup = () => ({});
  expect((await run(['groups', 'list', '-format', 'json', ...anonymous])).stdout).toBe(
    '{"status_code":200,"items":null}\n',
  );
  expect((await run(['groups', 'delete', '-id', 'g', '-format', 'json', ...anonymous])).stdout).toBe(
    '{"status_code":204}\n',
  );
  expect((await run(['delete', 'g_1', ...anonymous])).stdout).toBe('The delete operation completed successfully.\n');
});

test('a refusal of the controller keeps its body and its HTTP status', async () => {
  answers.listGroups = () => new Refusal(403, { kind: 'PermissionDenied', message: 'Forbidden.' });
  const table = await run(['groups', 'list', ...anonymous]);
  expect(table).toEqual({
    exit: 1,
    stdout: '',
    stderr: `Error from controller when performing list on groups

Error information:
  Kind:                PermissionDenied
  Message:             Forbidden.
  Status:              403
  context:             Error from controller when performing list on groups
`,
  });
  const json = await run(['groups', 'list', '-format', 'json', ...anonymous]);
  expect(JSON.parse(json.stderr)).toEqual({
    context: 'Error from controller when performing list on groups',
    status_code: 403,
    api_error: { kind: 'PermissionDenied', message: 'Forbidden.' },
  });
});

const LOGIN = {
  id: 'at_1234567890',
  token: 'at_1234567890_s3cret',
  user_id: 'u_1',
  account_id: 'acctpw_1',
  auth_method_id: 'ampw_1',
  expiration_time: '2030-01-01T00:00:00Z',
};
const login = ['authenticate', 'password', '-login-name', 'admin', '-password', 'env://PW'];

test('a login is kept for later commands until logout, and never printed', async () => {
  answers.listAuthMethods = () => ({ items: [{ id: 'ampw_0' }, { id: 'ampw_1', is_primary: true }] });
  answers.authenticate = () => ({ command: 'login', attributes: LOGIN });
  answers.deleteAuthToken = () => ({});
  const { exit, stdout, stderr } = await run([...login, '-keyring-type', 'auto'], { PW: 'pw', SALLYPORT_TOKEN: '' });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(stdout).toMatch(
    /^\nAuthentication information:\n {2}Account ID: {6}acctpw_1\n {2}Auth Method ID: {2}ampw_1\n/,
  );
  expect(stdout).not.toContain('s3cret');
  expect(seen[1]!.request).toMatchObject({
    auth_method_id: 'ampw_1',
    command: 'login',
    attributes: { login_name: 'admin', password: 'pw' },
  });
  expect((await run(['config', 'get-token'])).stdout).toBe('at_1234567890_s3cret\n');
  expect((await run(['config', 'get-token', '-user-id'])).stdout).toBe('u_1\n');
  const logout = await run(['logout']);
  expect([logout.exit, seen.at(-1)]).toEqual([
    0,
    { method: 'deleteAuthToken', request: { id: 'at_1234567890' }, authorization: 'Bearer at_1234567890_s3cret' },
  ]);
  expect((await run(['config', 'get-token'])).exit).toBe(2);
});

test('without a keyring the token is printed; in JSON it is part of the answer and not kept', async () => {
  answers.authenticate = () => ({ command: 'login', attributes: LOGIN });
  const named = [...login, '-auth-method-id', 'ampw_1'];
  const printed = await run([...named, ...anonymous], { PW: 'pw' });
  expect(printed.stdout.split('\n').slice(-2)).toEqual(['at_1234567890_s3cret', '']);
  const json = await run([...named, '-format', 'json'], { PW: 'pw' });
  expect(JSON.parse(json.stdout)).toEqual({ status_code: 200, item: { attributes: LOGIN, command: 'login' } });
  expect((await run(['config', 'get-token'])).exit).toBe(2);
});

test('a keyring that does not work: the login succeeds all the same', async () => {
  answers.authenticate = () => ({ command: 'login', attributes: LOGIN });
  const outcome = await run([...login, '-auth-method-id', 'ampw_1', '-keyring-type', 'nope'], { PW: 'pw' });
  expect(outcome.exit).toBe(0);
  expect(outcome.stderr).toMatch(/Unknown keyring[^]*-keyring-type[^]*-token[^]*at_1234567890_s3cret/);
});

test('names and passwords that are piped are taken line by line', async () => {
  answers.authenticate = () => ({ command: 'login', attributes: LOGIN });
  const outcome = await run(['authenticate', 'password', '-auth-method-id', 'ampw_1', ...anonymous], {}, 'admin\npw\n');
  expect([outcome.exit, seen[0]!.request.attributes]).toEqual([0, { login_name: 'admin', password: 'pw' }]);
});

test('a call that takes too long is given up', async () => {
  answers.getGroup = () => ({ item: group });
  const slow = createNetServer(() => undefined);
  const url = await listen(slow);
  const { exit, stderr } = await run(['groups', 'read', '-id', 'g_1', '-addr', url, ...anonymous], {
    SALLYPORT_CLIENT_TIMEOUT: '300ms',
  });
  expect([exit, stderr]).toEqual([2, expect.stringContaining('SALLYPORT_CLIENT_TIMEOUT')]);
});

const listeners: (NetServer | HttpServer)[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

async function listen(listener: NetServer | HttpServer): Promise<string> {
  listeners.push(listener);
  listener.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

test('servers that are no controllers: status 2 and what to do', async () => {
  const http = createServer((_, response) => response.writeHead(404).end('nothing'));
  const deaf = createNetServer((socket) => socket.on('error', () => undefined).destroy());
  const read = async (url: string) => {
    const { exit, stderr } = await run(['groups', 'read', '-id', 'g_1', '-addr', url, ...anonymous]);
    return [exit, stderr];
  };
  expect(await read(await listen(http))).toEqual([2, expect.stringContaining('is no controller')]);
  expect(await read(await listen(deaf))).toEqual([2, expect.stringMatching(/is no controller|cannot be reached/)]);
  expect(await read(address.replace('http:', 'https:'))).toEqual([2, expect.stringContaining('does not speak TLS')]);
  const silent = await listen(createNetServer((socket) => socket.on('error', () => undefined).end()));
  expect(await read(silent.replace('http:', 'https:'))).toEqual([2, expect.stringContaining('use http:// in -addr')]);
  expect(await read('http://no.such.host.invalid:1')).toEqual([2, expect.stringContaining('does not resolve')]);
});

test('what is stored on disk is not readable by others and holds the token', async () => {
  answers.authenticate = () => ({ command: 'login', attributes: LOGIN });
  await run([...login, '-auth-method-id', 'ampw_1', '-token-name', 'work'], { PW: 'pw' });
  const text = readFileSync(join(home, '.sallyport', 'tokens', 'work'), 'utf8');
  expect(JSON.parse(Buffer.from(text, 'base64').toString())).toEqual({ ...LOGIN, bound_address: server.address });
});
