/**
 * Output that nobody reads, or that takes nothing more: what it ends, how, and that everything is
 * cleaned up.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SALLYPORT, startDev, type Dev } from '../harness/dev';
import { freePorts, type Finished } from '../harness/process';
import { waitFor } from '../harness/wait';

const PROJECT = 'p_1234567890';
const TARGET = 'ttcp_1234567890';
const FULL = '/dev/full';
const COMPLAINT = 'Standard output could not be written: no space left on device';

let dev: Dev;
let files: string;
beforeAll(async () => {
  dev = await startDev();
  files = mkdtempSync(join(tmpdir(), 'pipes-'));
  // PostgreSQL may run as another user.
  chmodSync(files, 0o755);
  const flags = ['-auth-method-id', 'ampw_1234567890', '-login-name', 'admin', '-password', 'env://PW'];
  expect((await dev.cli(['authenticate', 'password', ...flags], { env: { PW: 'password' } })).code).toBe(0);
}, 120_000);
afterAll(async () => {
  rmSync(files, { recursive: true, force: true });
  await dev.stop();
});

/** The writing end of a pipe whose reading end is closed. */
function unreadPipe(): number {
  const path = join(files, 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  closeSync(reader);
  rmSync(path);
  return writer;
}

type Ended = Pick<Finished, 'code' | 'signal' | 'stderr'>;

/** Runs a command whose standard output is that descriptor. */
async function writingTo(output: number, args: string[], own: Record<string, string> = {}): Promise<Ended> {
  const env = {
    ...process.env,
    HOME: dev.home,
    SALLYPORT_ADDR: dev.apiAddress,
    SALLYPORT_KEYRING_TYPE: 'file',
    ...own,
  };
  const child = spawn(SALLYPORT, args, { stdio: ['ignore', output, 'pipe'], env });
  closeSync(output);
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stderr }));
  });
}

async function liveSessions(): Promise<unknown[]> {
  const { stdout } = await dev.cli(['sessions', 'list', '-scope-id', PROJECT, '-format', 'json']);
  return (JSON.parse(stdout) as { items: unknown[] | null }).items ?? [];
}

const noSession = (): Promise<unknown> =>
  waitFor('the end of all sessions', async () => ((await liveSessions()).length === 0 ? true : undefined));

const COMMANDS = [
  ['version'],
  ['version', '-format', 'json'],
  ['targets', 'list', '-scope-id', PROJECT],
  ['targets', 'read', '-id', TARGET, '-format', 'json'],
  ['config', 'get-token'],
  ['targets', 'list', '-scope-id', PROJECT, '-output-curl-string'],
];

test.each(COMMANDS)('a pipe that nobody reads ends "%s %s" quietly, by SIGPIPE', async (...args) => {
  expect(await writingTo(unreadPipe(), args)).toEqual({ code: null, signal: 'SIGPIPE', stderr: '' });
});

test.each(COMMANDS)('a full disk is one line of complaint of "%s %s"', async (...args) => {
  const { code, stderr } = await writingTo(openSync(FULL, 'w'), args);
  const isJson = args.includes('json');
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `${isJson ? JSON.stringify({ error: COMPLAINT }) : COMPLAINT}\n`,
  });
});

test('words of a shell that completes are no exception', async () => {
  const words = { COMP_LINE: 'sallyport targets ' };
  expect(await writingTo(unreadPipe(), [], words)).toEqual({ code: null, signal: 'SIGPIPE', stderr: '' });
});

test('connect ends its session first', async () => {
  expect(await writingTo(unreadPipe(), ['connect', '-target-id', TARGET])).toMatchObject({ signal: 'SIGPIPE' });
  await noSession();
  expect(await writingTo(openSync(FULL, 'w'), ['connect', '-target-id', TARGET])).toEqual({
    code: 2,
    signal: null,
    stderr: `${COMPLAINT}\n`,
  });
  await noSession();
});

test('dev ends with all of its processes', async () => {
  const [api, cluster, proxy, ops, workerOps] = (await freePorts(5)) as [number, number, number, number, number];
  const at = (port: number): string => `127.0.0.1:${port}`;
  const ports = [
    ...['-api-listen-address', at(api), '-cluster-listen-address', at(cluster), '-proxy-listen-address', at(proxy)],
    ...['-ops-listen-address', at(ops), '-worker-ops-listen-address', at(workerOps)],
  ];
  const data = join(files, 'data');
  const outcome = await writingTo(openSync(FULL, 'w'), ['dev', ...ports, '-data-dir', data]);
  expect(outcome).toEqual({ code: 2, signal: null, stderr: `${COMPLAINT}\n` });
  expect(readFileSync(join(data, 'postgres', 'PG_VERSION'), 'utf8')).not.toBe('');
  // PostgreSQL removes its pid file when it ends in order.
  expect(() => readFileSync(join(data, 'postgres', 'postmaster.pid'))).toThrow('ENOENT');
}, 60_000);

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('%s ends connect and its session', async (signal) => {
  const live = dev.cliLive(['connect', '-target-id', TARGET]);
  await live.output(/Port: +\d+/);
  expect(await live.stop(signal)).toMatchObject({ code: 0, signal: null, stderr: '' });
  await noSession();
});

test('SIGQUIT ends dev in order', async () => {
  const other = await startDev();
  expect(await other.live.stop('SIGQUIT')).toMatchObject({ code: 0, stdout: expect.stringContaining('graceful') });
  await other.stop();
}, 90_000);
