/**
 * Real child processes for tests: run to the end, or talk to while they live. Everything started is
 * ended.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { waitFor } from './wait';

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  /** Written to standard input, which is then closed. */
  input?: string;
  cwd?: string;
  timeoutMs?: number;
  /**
   * Takes standard output and error, which are then not kept here: for processes that write much.
   */
  outputFile?: string;
}

/** A process that a test talks to. */
export class Live {
  stdout = '';
  stderr = '';
  readonly finished: Promise<Finished>;
  private exited = false;

  constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // EPIPE when the process ends before it has read its input: its exit tells the story.
    child.stdin?.on('error', () => undefined);
    this.finished = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.exited = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get ended(): boolean {
    return this.exited;
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Waits until standard output (or error) matches. */
  async output(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpMatchArray> {
    return waitFor(
      `output ${String(pattern)}`,
      () => {
        const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
        if (match === null && this.exited) throw new Error(`process ended first:\n${this.stdout}\n${this.stderr}`);
        return match ?? undefined;
      },
      { timeoutMs, status: () => `stdout: ${this.stdout.slice(-2000)}\nstderr: ${this.stderr.slice(-2000)}` },
    );
  }

  /** Sends the signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    if (!this.exited) this.child.kill(signal);
    return this.finished;
  }
}

export function start(command: string, args: string[], options: RunOptions = {}): Live {
  const output = options.outputFile === undefined ? 'pipe' : openSync(options.outputFile, 'a');
  try {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...cleanEnvironment(), ...options.env },
      stdio: ['pipe', output, output],
    });
    return new Live(child);
  } finally {
    if (typeof output === 'number') closeSync(output);
  }
}

/** Runs a command to its end; kills it after the timeout. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<Finished> {
  const live = start(command, args, options);
  live.child.stdin?.end(options.input ?? '');
  const timer = setTimeout(() => live.child.kill('SIGKILL'), options.timeoutMs ?? 30_000);
  try {
    return await live.finished;
  } finally {
    clearTimeout(timer);
  }
}

/** The environment without what would change how the programs under test behave. */
function cleanEnvironment(): Record<string, string> {
  const dropped = /^(SALLYPORT_|BOUNDARY_|PG|NODE_OPTIONS$|NODE_EXTRA_CA_CERTS$|JEST_)/;
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !dropped.test(entry[0]),
    ),
  );
}

/** Processes below `pid`, at any depth. */
export function descendants(pid: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=']).toString().trim().split('\n');
  const pairs = table.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/**
 * Below the ports that systems give to outgoing connections: one of those may take any port that
 * was free a moment ago. Tests that run at the same time have a range each.
 */
const FIRST_PORT = 12_000;
const PORTS_PER_WORKER = 4_000;
const MAX_WORKERS = 5;
const MAX_TRIES = 200;

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % MAX_WORKERS;
  const found = new Set<number>();
  for (let i = 0; i < MAX_TRIES && found.size < count; i++) {
    const port = FIRST_PORT + worker * PORTS_PER_WORKER + randomInt(PORTS_PER_WORKER);
    if (await isFree(port)) found.add(port);
  }
  if (found.size < count) throw new Error('no free ports were found');
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
