/**
 * A PostgreSQL server as a child process, for dev mode and for tests, never for production. It ends
 * with this process, in whatever way this process ends.
 */
import { randomBytes } from 'node:crypto';
import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  fchownSync,
  openSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDirectory } from '../../lib/config/directory';
import { inheritsFiles, onWindows, ownProgram, postgresLocale, tellsOfParents } from '../../lib/platform/system';
import { bareEnvironment } from '../../lib/config/variables';
import { findPostgresBinaries, serverUser, type ServerUser } from './postgres-binaries';
import { isRunning } from './temporary';

export interface EmbeddedPostgresOptions {
  /** Data directory; made when it does not exist. */
  dataDir: string;
  /** Port on 127.0.0.1; 0 picks a free one. */
  port: number;
  /**
   * Password of the superuser `postgres`. Absent: anybody who reaches the port is let in (tests).
   */
  password?: string;
  /** Lines of pg_hba.conf; absent: everybody as the authentication method says. */
  hba?: string[];
  /** Directory of the Unix socket, at most 90 characters; absent: no socket. */
  socketDir?: string;
  /** False is faster, but data may be lost when the power fails. */
  durable: boolean;
  env?: NodeJS.ProcessEnv;
}

export interface EmbeddedPostgres {
  readonly port: number;
  readonly pid: number;
  /** Settles when the server has ended, by {@link EmbeddedPostgres.stop} or without being asked. */
  readonly exited: Promise<void>;
  /** Fast shutdown; resolves when the process is gone. */
  stop(): Promise<void>;
  /** Asks for an immediate shutdown and does not wait; its recovery happens at the next start. */
  kill(): void;
}

const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 10;
/** After this a server that was asked to stop is killed. */
const STOP_TIMEOUT_MS = 20_000;
/** The end of the server's log that is kept for error messages, characters. */
const KEPT_LOG = 4_000;

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = serverUser();
  const env = options.env ?? process.env;
  const bin = findPostgresBinaries(env, user);
  const running = { ...user, cwd: '/', env: bareEnvironment(env) };
  prepareDirectory(options.dataDir, user);
  if (options.socketDir !== undefined) prepareDirectory(options.socketDir, user);
  if (!existsSync(join(options.dataDir, 'PG_VERSION'))) initialize(bin, options, user, running);
  if (options.hba !== undefined) writeOwned(join(options.dataDir, 'pg_hba.conf'), `${options.hba.join('\n')}\n`, user);
  const port = options.port === 0 ? await freePort() : options.port;
  // A server that already runs here is somebody else's; ours will report that and end.
  const foreign = readyPid(options.dataDir, port);
  const child = launch(bin, options, port, running);
  const started = await untilReady(child, options.dataDir, port, foreign);
  return onWindows ? { ...started, stop: () => stopByProgram(bin, options.dataDir, started) } : started;
}

function prepareDirectory(dir: string, user: ServerUser | undefined): void {
  try {
    makeDirectory(dir, 0o700);
    if (user !== undefined) chownSync(dir, user.uid, user.gid);
  } catch (cause) {
    throw new Error(`cannot use the directory ${dir}: ${(cause as Error).message}. Name another one`, { cause });
  }
}

function writeOwned(file: string, text: string, user: ServerUser | undefined): void {
  writeFileSync(file, text, { mode: 0o600 });
  if (user !== undefined) chownSync(file, user.uid, user.gid);
}

/** How the programs of the server are run. */
type Running = Partial<ServerUser> & { cwd: string; env: NodeJS.ProcessEnv };

function initialize(
  bin: string,
  options: EmbeddedPostgresOptions,
  user: ServerUser | undefined,
  running: Running,
): void {
  const args = [
    '-D',
    options.dataDir,
    '-U',
    'postgres',
    '-E',
    'UTF8',
    `--locale=${postgresLocale}`,
    '--no-instructions',
  ];
  if (!options.durable) args.push('--no-sync');
  const password = options.password === undefined ? undefined : passwordFile(options.password, user);
  if (password === undefined) args.push('-A', 'trust');
  else args.push('-A', 'scram-sha-256', '--pwfile', password.path);
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', ...(password?.inherited ?? [])];
  try {
    execFileSync(join(bin, ownProgram('initdb')), args, { ...running, stdio });
  } catch (cause) {
    const text = String((cause as { stderr?: Buffer }).stderr ?? cause).trim();
    throw new Error(`PostgreSQL could not make its data directory ${options.dataDir}: ${text}`, { cause });
  } finally {
    password?.remove();
  }
}

interface PasswordFile {
  /** For the program. */
  path: string;
  /** Descriptors that it inherits. */
  inherited: number[];
  remove(): void;
}

function passwordFile(text: string, user: ServerUser | undefined): PasswordFile {
  if (inheritsFiles) {
    const file = unnamedFile(text, user);
    return { path: '/dev/fd/3', inherited: [file], remove: () => closeSync(file) };
  }
  const path = join(tmpdir(), `.sallyport-${randomBytes(16).toString('hex')}`);
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  return { path, inherited: [], remove: () => rmSync(path, { force: true }) };
}

/**
 * A file for one program. It has lost its name before the text is written, so nothing is left in
 * whatever way this process ends.
 */
function unnamedFile(text: string, user: ServerUser | undefined): number {
  const path = join(tmpdir(), `.sallyport-${randomBytes(16).toString('hex')}`);
  const file = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    if (user !== undefined) fchownSync(file, user.uid, user.gid);
    // Written at a position, so that the descriptor still stands at the beginning.
    writeSync(file, text, 0);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/**
 * Ends with the parent even when that is killed: its end of the pipe on descriptor 0 closes then.
 */
const GUARD =
  'exec 3<&0 </dev/null; "$@" 3<&- & pid=$!; (read -r _ <&3; kill -INT $pid) & wait $pid; code=$?; kill $!; exit $code';

function launch(bin: string, options: EmbeddedPostgresOptions, port: number, running: Running): ChildProcess {
  const command = [join(bin, ownProgram('postgres')), '-D', options.dataDir, '-p', String(port), '-h', '127.0.0.1'];
  command.push('-k', options.socketDir ?? '', '-c', 'max_connections=200', '-c', 'lc_messages=C');
  if (!options.durable) command.push('-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off');
  const stdio: StdioOptions = ['pipe', 'ignore', 'pipe'];
  // Nobody tells it there when its parent was killed; a later start finds it and says so.
  if (onWindows) return spawn(command[0]!, command.slice(1), { ...running, stdio, windowsHide: true });
  const guarded = hasSetpriv()
    ? ['setpriv', '--pdeathsig', 'INT', ...command]
    : ['/bin/sh', '-c', GUARD, 'sh', ...command];
  // A session of its own: Ctrl-C at the terminal reaches us, and we stop the server when nobody
  // needs it any more.
  return spawn(guarded[0]!, guarded.slice(1), { ...running, stdio, detached: true });
}

function hasSetpriv(): boolean {
  if (!tellsOfParents) return false;
  try {
    execFileSync('setpriv', ['--pdeathsig', 'INT', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function untilReady(
  child: ChildProcess,
  dataDir: string,
  port: number,
  foreign: number | undefined,
): Promise<EmbeddedPostgres> {
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-KEPT_LOG)));
  // The pipe only tells the guard when we are gone; the server may end first.
  child.stdin?.on('error', () => undefined);
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    const end = (): void => {
      ended = true;
      resolve();
    };
    child.once('exit', end);
    child.once('error', (error) => {
      log += error.message;
      end();
    });
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let pid: number | undefined;
  while ((pid = readyPid(dataDir, port)) === undefined || pid === foreign) {
    if (ended) throw startFailure(port, log);
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw startFailure(port, `not ready after ${READY_TIMEOUT_MS / 1000} s. ${log}`);
    }
    await sleep(READY_POLL_MS);
  }
  return { port, pid, exited, stop: () => stop(child, pid, exited, () => ended), kill: () => signal(pid, 'SIGQUIT') };
}

/**
 * The server notes pid, port and "ready" in lines 1, 4 and 8 of this file when it accepts
 * connections.
 */
function readyPid(dataDir: string, port: number): number | undefined {
  try {
    const lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
    const ready = lines[7]?.trim() === 'ready' && lines[3] === String(port);
    return ready && isRunning(Number(lines[0])) ? Number(lines[0]) : undefined;
  } catch {
    return undefined;
  }
}

function startFailure(port: number, log: string): Error {
  if (/Address already in use|could not bind/.test(log)) {
    return new Error(
      `port ${port} for PostgreSQL is in use: stop the program that listens there or choose another port`,
    );
  }
  if (/another server might be running|postmaster.pid/.test(log)) {
    return new Error('another PostgreSQL server runs in this data directory: stop it first, or name another directory');
  }
  return new Error(`PostgreSQL did not start: ${log.trim() || 'it ended without a message'}`);
}

/** Windows has no signal that asks a server to end: its own program tells it. */
async function stopByProgram(bin: string, dataDir: string, { stop, exited }: EmbeddedPostgres): Promise<void> {
  const words = ['stop', '-D', dataDir, '-m', 'fast', '-w', '-t', String(STOP_TIMEOUT_MS / 1_000)];
  const asked = spawn(join(bin, ownProgram('pg_ctl')), words, { stdio: 'ignore', windowsHide: true });
  const failed = new Promise<boolean>((resolve) => {
    asked.once('error', () => resolve(true));
    asked.once('exit', (code) => resolve(code !== 0));
  });
  if (await failed) await stop();
  await exited;
}

async function stop(child: ChildProcess, pid: number, exited: Promise<void>, ended: () => boolean): Promise<void> {
  if (ended()) return;
  signal(pid, 'SIGINT');
  const timer = setTimeout(() => {
    signal(pid, 'SIGKILL');
    child.kill('SIGKILL');
  }, STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Already gone.
  }
}

/** A port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
