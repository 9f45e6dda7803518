/**
 * The cache as its user sees it: `cache start` in this process, on a real socket, before a
 * controller with canned answers.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../test/harness/wait';
import { Refusal, startCannedServer, type CannedServer } from '../testing/canned-server';
import { runCli, type Outcome } from '../testing/run';

let server: CannedServer;
let home: string;
let running: Promise<Outcome> | undefined;

beforeAll(async () => {
  server = await startCannedServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.reset();
  home = mkdtempSync(join(tmpdir(), 'sallyport-cache-'));
});
afterEach(async () => {
  if (running !== undefined) {
    await run(['cache', 'stop']);
    expect((await running).exit).toBe(0);
  }
  running = undefined;
  rmSync(home, { recursive: true });
});

const TOKEN = 'at_1234567890_secret';
const OTHER = 'at_0987654321_other';

const run = (argv: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  runCli(argv, {
    env: {
      ...{ HOME: home, PATH: '', SALLYPORT_ADDR: server.address, SALLYPORT_KEYRING_TYPE: 'none', T: TOKEN, O: OTHER },
      ...{ SALLYPORT_SKIP_CACHE_DAEMON: '1', ...env },
    },
  });

const search = async (...flags: string[]): Promise<any> => {
  const { exit, stdout, stderr } = await run(['search', '-token', 'env://T', '-format', 'json', ...flags]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return JSON.parse(stdout).item;
};

async function start(...flags: string[]): Promise<void> {
  running = run(['cache', 'start', ...flags]);
  const up = async () => ((await run(['cache', 'status'])).exit === 0 ? true : undefined);
  await waitFor('the cache', up);
}

const target = (n: number, more: object = {}) => ({
  id: `ttcp_${n}`,
  scope_id: n < 3 ? 'p_1' : 'p_2',
  name: `Target ${n}`,
  type: 'tcp',
  created_time: `2024-01-0${n}T00:00:00Z`,
  ...more,
});

/** A whole list that ends with a token, then nothing new. */
function answerLists(targets: object[], sessions: object[] = []): void {
  const once = (items: object[]) => (request: { list_token: string }) => ({
    items: request.list_token === '' ? items : [],
    response_type: 'complete',
    list_token: 'end',
  });
  Object.assign(server.answers, {
    getAuthToken: ({ id }: { id: string }) => ({ item: { id, user_id: 'u_1' } }),
    listTargets: once(targets),
    listSessions: once(sessions),
    listResolvableAliases: once([{ id: 'alt_1', type: 'target', value: 'web.test', destination_id: 'ttcp_1' }]),
  });
}

const calls = (method: string) => server.seen.filter((call) => call.method === method);
const ids = (items: { id: string }[]) => items.map((item) => item.id);

test('searches are answered from copies: queries, filters, order, size', async () => {
  const sessions = [
    { id: 's_1', status: 'active', scope_id: 'p_3', created_time: '2024-01-01T00:00:00Z' },
    { id: 's_2', status: 'pending', scope_id: 'p_1', created_time: '2024-01-02T00:00:00Z' },
    { id: 's_3', status: 'terminated', scope_id: 'p_4' },
  ];
  answerLists([target(1), target(2, { type: 'ssh' }), target(3, { name: 'db' })], sessions);
  await start();
  expect(ids((await search('-resource', 'targets')).targets)).toEqual(['ttcp_3', 'ttcp_2', 'ttcp_1']);
  expect(ids((await search('-resource', 'targets', '-query', 'name % "TARGET" and type = "tcp"')).targets)).toEqual([
    'ttcp_1',
  ]);
  expect(ids((await search('-resource', 'targets', '-filter', '"/item/name" == "db"')).targets)).toEqual(['ttcp_3']);
  expect(ids((await search('-resource', 'targets', '-sort-by', 'name')).targets)).toEqual([
    'ttcp_1',
    'ttcp_2',
    'ttcp_3',
  ]);
  expect(await search('-resource', 'targets', '-max-result-set-size', '1')).toEqual({
    targets: [expect.objectContaining({ id: 'ttcp_3' })],
    incomplete: true,
    refresh_status: 'not-refreshing',
  });
  const byTime = ['-sort-by', 'created_time', '-sort-direction', 'asc'];
  expect(ids((await search('-resource', 'sessions', ...byTime)).sessions)).toEqual(['s_1', 's_2']);
  expect(ids((await search('-resource', 'implicit-scopes')).implicit_scopes)).toEqual(['p_1', 'p_2', 'p_3']);
  expect(ids((await search('-resource', 'resolvable-aliases')).resolvable_aliases)).toEqual(['alt_1']);
  expect([calls('listTargets').length, calls('listSessions').length, calls('getAuthToken').length]).toEqual([1, 1, 1]);
  expect(server.seen.every((call) => call.authorization === `Bearer ${TOKEN}`)).toBe(true);
});

test('as tables: scopes always, a hint when there is more, one line when there is nothing', async () => {
  answerLists([target(1, { scope: { id: 'p_1' } }), target(2)]);
  await start();
  const table = (...flags: string[]) => run(['search', '-token', 'env://T', ...flags]);
  const one = await table('-resource', 'targets', '-sort-by', 'name', '-max-result-set-size', '1');
  expect(one.stdout).toBe(
    '\nTarget information:\n  ID:                    ttcp_1\n    Scope ID:            p_1\n    Type:                tcp\n    Name:                Target 1\n',
  );
  expect(one.stderr).toContain('-max-result-set-size');
  expect((await table('-resource', 'sessions')).stdout).toBe('No items found\n');
  expect((await table('-resource', 'resolvable-aliases')).stdout).toBe(
    '\nResolvable Alias information:\n  ID:                    alt_1\n    Type:                target\n    DestinationId:       ttcp_1\n    Value:               web.test\n',
  );
});

test('a refresh asks for what has changed and forgets what is gone', async () => {
  answerLists([target(1), target(2)], [{ id: 's_1', status: 'active' }]);
  await start();
  await search('-resource', 'targets');
  server.answers.listTargets = () => ({
    items: [target(2, { name: 'new' })],
    removed_ids: ['ttcp_1'],
    response_type: 'complete',
    list_token: 'later',
  });
  server.answers.listSessions = () => ({ items: [{ id: 's_1', status: 'terminated' }], response_type: 'complete' });
  expect((await search('-resource', 'targets', '-force-refresh')).targets).toEqual([
    expect.objectContaining({ id: 'ttcp_2', name: 'new' }),
  ]);
  expect((await search('-resource', 'sessions')).sessions).toEqual([]);
  expect(calls('listTargets').map((call) => call.request)).toMatchObject([
    { scope_id: 'global', recursive: true, list_token: '' },
    { scope_id: 'global', recursive: true, list_token: 'end' },
  ]);
});

test('copies that are too old are refreshed first; a list token that is refused starts over', async () => {
  answerLists([target(1)]);
  await start('-max-search-staleness', '0s');
  await search('-resource', 'targets');
  const refused = { kind: 'invalid list token', message: 'grants have changed since list token was issued' };
  server.answers.listTargets = (request) =>
    request.list_token === '' ? { items: [target(2)], response_type: 'complete' } : new Refusal(400, refused);
  const found = await search('-resource', 'targets');
  expect([ids(found.targets), found.refresh_status]).toEqual([['ttcp_2'], 'not-refreshing']);
});

test('a slow controller: the old copy, and the answer says so; the refresh goes on', async () => {
  answerLists([target(1)]);
  await start('-max-search-refresh-timeout', '50ms');
  await waitFor('the first copy', async () => {
    const { targets, refresh_status } = await search('-resource', 'targets');
    return targets.length > 0 && refresh_status === 'not-refreshing';
  });
  let release: (answer: object) => void = () => undefined;
  server.answers.listTargets = () => new Promise((resolve) => (release = resolve));
  const old = await search('-resource', 'targets', '-force-refresh');
  expect([ids(old.targets), old.refresh_status]).toEqual([['ttcp_1'], 'refreshing']);
  await waitFor('the second call', () => calls('listTargets').length === 2);
  release({ items: [target(2)], response_type: 'complete', list_token: 'x' });
  await waitFor('the new item', async () =>
    (await search('-resource', 'targets')).targets.length === 2 ? true : undefined,
  );
});

test('a controller that fails: the old copy with the reason, for people as a warning', async () => {
  answerLists([target(1)]);
  await start();
  await search('-resource', 'targets');
  server.answers.listTargets = () => new Refusal(500, { kind: 'Internal', message: 'out of order' });
  const { exit, stdout, stderr } = await run(['search', '-token', 'env://T', '-resource', 'targets', '-force-refresh']);
  expect([exit, stdout, stderr]).toEqual([
    0,
    expect.stringContaining('ttcp_1'),
    expect.stringContaining('out of order'),
  ]);
});

test('a token that the controller refuses is never taken, and forgotten when it stops working', async () => {
  answerLists([target(1)]);
  await start();
  const unauthenticated = new Refusal(401, { kind: 'Unauthenticated', message: 'Unauthenticated, or invalid token.' });
  const { getAuthToken } = server.answers;
  server.answers.getAuthToken = () => unauthenticated;
  const refused = await run(['search', '-token', 'env://T', '-resource', 'targets']);
  expect([refused.exit, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toContain('Error from cache when performing add-token');
  server.answers.getAuthToken = getAuthToken!;
  await search('-resource', 'targets');
  server.answers.listTargets = () => unauthenticated;
  await search('-resource', 'targets', '-force-refresh');
  const { stdout } = await run(['cache', 'status', '-format', 'json']);
  expect(JSON.parse(stdout).item.users[0].auth_tokens).toEqual([]);
  server.answers.getAuthToken = () => unauthenticated;
  expect((await run(['search', '-token', 'env://T', '-resource', 'targets'])).exit).toBe(1);
});

test('requests that are none are the mistake of who sent them', async () => {
  await start();
  const socketPath = join(home, '.sallyport/socket/daemon.sock');
  const statusOf = (method: string, path: string, body = ''): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request({ socketPath, path, method }, (response) => resolve(response.resume().statusCode));
      sent.on('error', reject).end(body);
    });
  const token = { boundary_addr: 'x', auth_token_id: 'at_1', auth_token: 'y' };
  expect(await statusOf('POST', '/v1/tokens', JSON.stringify(token))).toBe(400);
  expect(await statusOf('GET', '//x:y')).toBe(404);
  expect(await statusOf('GET', '/v1/search?resource=targets?')).toBe(400);
});

test('what one user sees, another does not', async () => {
  answerLists([target(1)]);
  server.answers.getAuthToken = ({ id }) => ({ item: { id, user_id: id === 'at_1234567890' ? 'u_1' : 'u_2' } });
  await start();
  await search('-resource', 'targets');
  server.answers.listTargets = () => ({ items: [], response_type: 'complete' });
  const other = await run(['search', '-token', 'env://O', '-resource', 'targets']);
  expect([other.exit, other.stdout]).toEqual([0, 'No items found\n']);
  const { stdout } = await run(['cache', 'status']);
  expect(stdout).toMatch(/User Count: +2\n[\s\S]*Id: +u_1\n[\s\S]*Target:\n +Count: +1\n[\s\S]*Id: +u_2\n/);
});

test('a token of the keyring goes by its name; no token stands in a file of the cache', async () => {
  answerLists([target(1)]);
  server.answers.authenticate = () => ({ command: 'login', attributes: { id: 'at_1234567890', token: TOKEN } });
  const env = { SALLYPORT_KEYRING_TYPE: 'file', PW: 'p' };
  await run(
    ['authenticate', 'password', '-auth-method-id', 'ampw_1', '-login-name', 'a', '-password', 'env://PW'],
    env,
  );
  await start('-log-level', 'debug');
  expect((await run(['cache', 'add-token'], env)).exit).toBe(0);
  const { stdout } = await run(['cache', 'status'], env);
  expect(stdout).toMatch(/In Keyring: +true/);
  expect(readFileSync(join(home, '.sallyport', 'cache.log'), 'utf8')).toMatch(/at_1234567890 (?!.*secret)/);
  await run(['logout'], env);
  await waitFor('the token to be forgotten', async () => {
    await run(['search', '-resource', 'targets', '-force-refresh', '-token', 'env://T']);
    const { users } = JSON.parse((await run(['cache', 'status', '-format', 'json'], env)).stdout).item;
    return users[0].auth_tokens[0]?.in_keyring !== true ? true : undefined;
  });
});

test('one cache for each home, on a socket for its owner only; stop removes its traces', async () => {
  answerLists([]);
  await start();
  const directory = join(home, '.sallyport');
  expect(statSync(join(directory, 'socket')).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'socket', 'daemon.sock')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(directory, 'cache.pid'), 'utf8')).toBe(`${process.pid}\n`);
  for (const again of [
    ['cache', 'start'],
    ['cache', 'start', '-background'],
    ['daemon', 'start'],
  ]) {
    const { exit, stderr } = await run(again);
    expect([exit, stderr]).toEqual([2, expect.stringContaining('running already')]);
  }
  expect(await run(['cache', 'stop'])).toEqual({ exit: 0, stdout: '', stderr: '' });
  expect((await running)!.exit).toBe(0);
  running = undefined;
  expect(() => statSync(join(directory, 'cache.pid'))).toThrow(/ENOENT/);
  expect(await run(['cache', 'stop'])).toMatchObject({ exit: 3, stderr: expect.stringContaining('not running') });
});

test.each([
  [['search', '-resource', 'targets', '-token', 'env://T'], 2, 'cache start -background'],
  [['cache', 'status'], 2, 'cache start -background'],
  [['cache', 'add-token', '-token', 'env://T'], 2, 'cache start -background'],
  [['daemon', 'status'], 2, 'use "cache status"'],
  [['search', '-resource', 'targets'], 2, 'authenticate'],
  [['search'], 3, '-resource'],
  [['search', '-resource', 'hosts', '-token', 'env://T'], 3, 'implicit-scopes'],
  [['search', '-resource', 'sessions', '-sort-by', 'name', '-token', 'env://T'], 3, 'created_time'],
  [['search', '-resource', 'sessions', '-sort-direction', 'asc', '-token', 'env://T'], 3, '-sort-by'],
  [['search', '-resource', 'targets', '-max-result-set-size', '-2', '-token', 'env://T'], 3, '-max-result-set-size'],
  [['cache', 'start', '-refresh-interval', '0s'], 3, '-refresh-interval'],
  [['cache', 'start', '-log-level', 'loud'], 3, '-log-level'],
  [['client-agent', 'status'], 3, 'not supported'],
])('%j without a cache: status %i', async (argv, exit, text) => {
  expect(await run(argv)).toEqual({ exit, stdout: '', stderr: expect.stringContaining(text) });
});

test('curl commands name the socket and no token', async () => {
  const socket = `--unix-socket '${home}/.sallyport/socket/daemon.sock'`;
  const curl = ['-output-curl-string', '-token', 'env://T'];
  const { stdout } = await run(['search', '-resource', 'targets', ...curl]);
  expect(stdout).toBe(
    `curl ${socket} -H "Content-Type: application/json" 'http://localhost/v1/search?resource=targets&auth_token_id=at_1234567890'\n`,
  );
  expect((await run(['cache', 'status', '-output-curl-string'])).stdout).toContain(`${socket} -H`);
  const added = await run(['cache', 'add-token', ...curl]);
  expect(added.stdout).toContain('-X POST');
  expect(added.stdout).not.toContain('secret');
});

test('expressions that are none are refused with their place', async () => {
  answerLists([]);
  await start();
  const { exit, stderr } = await run([
    'search',
    '-token',
    'env://T',
    '-resource',
    'targets',
    '-query',
    'name like "x"',
  ]);
  expect([exit, stderr]).toEqual([1, expect.stringMatching(/-query could not be\s+parsed: character 6/)]);
});
