/**
 * `connect` with programs, signals and tokens: exit statuses, and that the session is always ended.
 */
import { once } from 'node:events';
import { connect as connectTo, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { startDev, type Dev } from '../harness/dev';
import type { Finished } from '../harness/process';
import { waitFor } from '../harness/wait';

const TARGET = 'ttcp_1234567890';
const NODE = process.execPath;

let dev: Dev;
beforeAll(async () => {
  dev = await startDev();
  const env = { PW: 'password' };
  const flags = ['-auth-method-id', 'ampw_1234567890', '-login-name', 'admin', '-password', 'env://PW'];
  const login = await dev.cli(['authenticate', 'password', ...flags], { env });
  expect(login.code).toBe(0);
}, 120_000);
afterAll(() => dev.stop());

const json = async (args: string[]): Promise<any> =>
  JSON.parse((await dev.cli([...args, '-format', 'json'])).stdout) as unknown;

/** The session ended, and why, in the order of its states. */
async function ended(id: string): Promise<{ reason: string; states: string[] }> {
  return waitFor(`end of ${id}`, async () => {
    const { item } = await json(['sessions', 'read', '-id', id]);
    if (item.status !== 'terminated') return undefined;
    return { reason: item.termination_reason, states: item.states.map((state: { status: string }) => state.status) };
  });
}

/** The newest session of the target; helpers print none. */
async function newestSession(): Promise<string> {
  const { items } = await json(['sessions', 'list', '-scope-id', 'p_1234567890', '-include-terminated']);
  return items[0].id as string;
}

/** A server on a free port of the loopback, closed after the test. */
async function serve(onConnection?: (socket: Socket) => void): Promise<number> {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Beside a program, what `connect` says goes to standard error. */
const sessionIn = ({ stdout, stderr }: Pick<Finished, 'stdout' | 'stderr'>): string =>
  /Session ID: +(s_\w{10})/.exec(stdout + stderr)![1]!;

test('a program: its words, its environment and its exit status; a fast one is never cut short', async () => {
  const script =
    'console.log([process.env.BOUNDARY_PROXIED_ADDR === "{{boundary.addr}}",' +
    ' process.env.SALLYPORT_PROXIED_PORT === "{{ boundary.port }}", "{{boundary.ip}}"].join()); process.exit(7)';
  const outcome = await dev.cli(['connect', '-target-id', TARGET, '-exec', NODE, '--', '-e', script]);
  expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code: 7, stdout: 'true,true,127.0.0.1\n' });
  expect(outcome.stderr).toMatch(/^\nProxy listening information:\n[^]*\n$/);
  expect((await ended(sessionIn(outcome))).reason).toBe('canceled');
});

test('a program does not inherit the token, unless it is asked for', async () => {
  const login = ['-auth-method-id', 'ampw_1234567890', '-login-name', 'admin', '-password', 'env://PW'];
  const args = ['authenticate', 'password', ...login, '-format', 'json', '-keyring-type', 'none'];
  const answer = await dev.cli(args, { env: { PW: 'password' } });
  const { token } = (JSON.parse(answer.stdout) as { item: { attributes: { token: string } } }).item.attributes;
  const show = ['connect', '-target-id', TARGET, '-exec', '/usr/bin/env'];
  const named = await dev.cli([...show, '-token', 'env://MINE'], { env: { MINE: token, BOUNDARY_TOKEN: token } });
  const fromVariable = await dev.cli(show, { env: { SALLYPORT_TOKEN: token } });
  for (const { code, stdout } of [named, fromVariable]) {
    expect(code).toBe(0);
    expect(stdout).toContain('SALLYPORT_PROXIED_PORT=');
    expect(stdout).not.toContain(token);
  }
  const asked = await dev.cli([...show, '-pass-token'], { env: { SALLYPORT_TOKEN: token } });
  expect(asked.stdout).toContain(`SALLYPORT_TOKEN=${token}`);
});

test('a program that died of a signal gives 255, one that is not there 2; both end the session', async () => {
  const killed = await dev.cli([
    'connect',
    '-target-id',
    TARGET,
    '-exec',
    NODE,
    '--',
    '-e',
    'process.kill(process.pid,9)',
  ]);
  expect(killed.code).toBe(255);
  await ended(sessionIn(killed));
  const missing = await dev.cli(['connect', '-target-id', TARGET, '-exec', '/no/such/program']);
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('/no/such/program')]);
  await ended(sessionIn(missing));
});

test('helpers put their own options first and print nothing of their own to standard output', async () => {
  const psql = ['-username', 'me', '-dbname', 'db', '-exec', '/bin/echo', '--', '-c', 'x'];
  const postgres = await dev.cli(['connect', 'postgres', '-target-id', TARGET, ...psql]);
  expect(postgres.stdout).toMatch(/^-p \d+ -h 127\.0\.0\.1 -d db -U me -c x\n$/);
  await ended(await newestSession());
  const http = await dev.cli([
    'connect',
    'http',
    '-target-id',
    TARGET,
    '-scheme',
    'http',
    '-path',
    'a',
    '-exec',
    '/bin/echo',
  ]);
  expect(http.stdout).toMatch(/^-q --noproxy \* -H Host: \S+ --resolve \S+:\d+:127\.0\.0\.1 http:\/\/\S+:\d+\/a\n$/);
  const ssh = await dev.cli([
    'connect',
    'ssh',
    '-target-id',
    TARGET,
    '-username',
    'me',
    '-exec',
    '/bin/echo',
    '--',
    '-v',
  ]);
  expect(ssh.stdout).toMatch(/^-p \d+ -o HostKeyAlias=\w+( -o \S+)* -l me 127\.0\.0\.1 -v\n$/);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s ends the program and the session; status 0', async (signal) => {
  const script = 'console.log("pid", process.pid); setInterval(() => {}, 1000)';
  const live = dev.cliLive(['connect', '-target-id', TARGET, '-exec', NODE, '--', '-e', script]);
  const pid = Number((await live.output(/pid (\d+)/))[1]);
  const outcome = await live.stop(signal);
  expect(outcome.code).toBe(0);
  expect(outcome.stderr).toMatch(/Termination information:\n {2}Reason: {3}Received shutdown signal\n$/);
  expect(outcome.stdout).toBe(`pid ${pid}\n`);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await ended(sessionIn(outcome));
});

test('an authorization piped in as the whole JSON answer; JSON output; Ctrl-C', async () => {
  const authorized = await dev.cli(['targets', 'authorize-session', '-id', TARGET, '-format', 'json']);
  const live = dev.cliLive(['connect', '-authz-token', '-', '-format', 'json', '-keyring-type', 'none']);
  live.child.stdin!.end(authorized.stdout);
  await live.output(/session_id.*\n/);
  const lines = (await live.stop('SIGINT')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  const id = JSON.parse(authorized.stdout).item.session_id as string;
  expect(lines).toEqual([
    expect.objectContaining({ address: '127.0.0.1', protocol: 'tcp', connection_limit: -1, session_id: id }),
    { termination_reason: 'Received shutdown signal' },
  ]);
  await ended(id);
});

test('a busy port: status 2, what to do, and no session left open', async () => {
  const port = await serve();
  const outcome = await dev.cli(['connect', '-target-id', TARGET, '-listen-port', String(port)]);
  expect([outcome.code, outcome.stderr]).toEqual([2, expect.stringContaining('-listen-port')]);
  await ended(await newestSession());
});

test('no connection for a while ends it, counted from the first one', async () => {
  const port = await serve((socket) => socket.end('hello'));
  const flags = [
    '-scope-id',
    'p_1234567890',
    '-name',
    'greeter',
    '-address',
    '127.0.0.1',
    '-default-port',
    String(port),
  ];
  const target = (await json(['targets', 'create', 'tcp', ...flags])).item.id as string;
  const live = dev.cliLive(['connect', '-target-id', target, '-inactive-timeout', '100ms']);
  const local = Number((await live.output(/Port: +(\d+)/))[1]);
  const heard = await new Promise<string>((resolve, reject) => {
    let text = '';
    connectTo(local, '127.0.0.1')
      .on('data', (chunk) => (text += chunk.toString()))
      .on('end', () => resolve(text))
      .on('error', reject);
  });
  expect(heard).toBe('hello');
  const outcome = await live.finished;
  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toContain('Reason:   Inactivity timeout reached');
  await ended(sessionIn(outcome));
});

test('a canceled session takes the program with it: status 1 and the cause', async () => {
  const port = await serve((socket) => socket.on('error', () => undefined));
  const flags = [
    '-scope-id',
    'p_1234567890',
    '-name',
    'silent',
    '-address',
    '127.0.0.1',
    '-default-port',
    String(port),
  ];
  const target = (await json(['targets', 'create', 'tcp', ...flags])).item.id as string;
  const script =
    'require("net").connect({{boundary.port}}, "{{boundary.ip}}").on("connect", () => console.log("connected")).on("error", () => {}); setInterval(() => {}, 1000)';
  const live = dev.cliLive(['connect', '-target-id', target, '-exec', NODE, '--', '-e', script]);
  await live.output(/connected/);
  await waitFor('an open connection', async () => {
    const { item } = await json(['sessions', 'read', '-id', sessionIn(live)]);
    return item.connections?.length === 1 ? true : undefined;
  });
  expect((await dev.cli(['sessions', 'cancel', '-id', sessionIn(live)])).code).toBe(0);
  const outcome = await live.finished;
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/cancel/);
  await ended(sessionIn(outcome));
});
