/** The program that `connect` runs: found on PATH, given the terminal, ended with the session. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { isPath, programFiles } from '../../lib/platform/system';
import { LocalError } from '../io/errors';
import { hostPort } from './writers/url';

/** A program that does not end on SIGTERM is killed after so many milliseconds. */
const KILL_AFTER_MS = 5_000;

/** Exit status for a child that died of a signal. */
const DIED_OF_SIGNAL = 255;

/**
 * Absolute path of a program. Nothing is ever taken from the current directory unless its path is
 * spelled out.
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string {
  if (isPath(name)) return name;
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    const path = programFiles(name, env)
      .map((file) => join(directory, file))
      .find(isProgram);
    if (isAbsolute(directory) && path !== undefined) return path;
  }
  throw new LocalError(
    `The program ${JSON.stringify(name)} is not on the PATH; install it, or name another with -exec`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Replaces `{{boundary.port}}`, `{{boundary.ip}}` and `{{boundary.addr}}`; one space may stand
 * inside the braces.
 */
export function fillTemplates(text: string, ip: string, port: number): string {
  const values: Record<string, string> = { port: String(port), ip, addr: hostPort(ip, port) };
  return text.replace(/\{\{ ?(?:boundary|sallyport)\.(port|ip|addr) ?\}\}/g, (_, name: string) => values[name]!);
}

/** Variables for the program. */
export function proxiedEnvironment(ip: string, port: number): Record<string, string> {
  const values = { PORT: String(port), IP: ip, ADDR: hostPort(ip, port) };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => [
      [`BOUNDARY_PROXIED_${name}`, value],
      [`SALLYPORT_PROXIED_${name}`, value],
    ]),
  );
}

export interface Child {
  /** Exit status; rejects with a LocalError when the program cannot be started. */
  ended: Promise<number>;
  /** SIGTERM, later SIGKILL. */
  stop(): void;
}

/** Starts the program with the terminal of this process. `descriptors` are its 3, 4, …. */
export function startChild(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  descriptors: readonly number[] = [],
): Child {
  const child = spawned(program, args, { stdio: ['inherit', 'inherit', 'inherit', ...descriptors], env });
  let killTimer: NodeJS.Timeout | undefined;
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(cannotRun(program, error)));
    child.once('exit', (code) => {
      clearTimeout(killTimer);
      resolve(code ?? DIED_OF_SIGNAL);
    });
  });
  return {
    ended,
    stop() {
      if (!isRunning(child)) return;
      child.kill('SIGTERM');
      killTimer ??= setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    },
  };
}

/**
 * Some failures are thrown, others come as an event: arguments and environment that are too long
 * together are thrown.
 */
function spawned(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(program, args, options);
  } catch (error) {
    throw cannotRun(program, error as Error);
  }
}

const cannotRun = (program: string, { message }: Error): LocalError =>
  new LocalError(`Could not run ${program}: ${message}`);

const isRunning = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;
