/**
 * The configuration file of `server` and `database`: JSON with the key names of Boundary. One pass reads it into typed,
 * frozen values or throws one {@link ConfigError} with every problem.
 */
import { readFileSync } from 'node:fs';
import { ConfigError, Fields, type Problem } from '../../lib/config/fields';
import type { ControllerConfig } from '../controller/config';
import type { WorkerConfig } from '../worker/config';
import { readController } from './config-controller';
import { readKms } from './config-kms';
import { readListeners } from './config-listeners';
import { readWorker } from './config-worker';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent', 'err'] as const;

export interface ServerConfig {
  controller?: ControllerConfig | undefined;
  worker?: WorkerConfig | undefined;
  /** postgres:// URL for migrations; the controller's own when the file names no other. */
  migrationUrl?: string | undefined;
  /** How long live connections may go on when a worker is told to stop, ms. */
  drainTimeoutMs: number;
  /** Of lib/log. */
  logLevel: string;
  /** Keys of the file that have no effect in this release. */
  ignored: string[];
}

/** Which parts the caller needs: `database` commands start no listeners and read no worker. */
export type ConfigUse = 'server' | 'database';

/** Boundary's names beside those of the log library. */
const LEVEL_NAMES: Record<string, string> = { err: 'error' };

export function loadConfig(files: readonly string[], use: ConfigUse, env: NodeJS.ProcessEnv): Readonly<ServerConfig> {
  const [file, ...more] = files;
  if (file === undefined || file === '') {
    throw new ConfigError('-config', [{ path: '-config', expected: 'the path of a JSON configuration file' }]);
  }
  if (more.length > 0)
    throw new ConfigError('-config', [{ path: '-config', expected: 'one file; several are not merged' }]);
  return parseConfig(readJson(file), file, use, env);
}

function readJson(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new ConfigError(file, [{ path: '(file)', expected: `a readable file (reading it gave ${code})` }]);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    // The parser's message may quote the text, and with it a secret: only the place is passed on.
    const at = /position (\d+)/.exec(String(error))?.[1];
    const line = at === undefined ? '' : `, broken in line ${text.slice(0, Number(at)).split('\n').length}`;
    throw new ConfigError(file, [{ path: '(file)', expected: `one JSON object${line}` }]);
  }
  throw new ConfigError(file, [{ path: '(file)', expected: 'one JSON object' }]);
}

export function parseConfig(
  values: Record<string, unknown>,
  source: string,
  use: ConfigUse,
  env: NodeJS.ProcessEnv,
): Readonly<ServerConfig> {
  const problems: Problem[] = [];
  const top = new Fields(values, '', problems, env);
  const ignored = top.ignore('disable_mlock', 'events', 'plugins', 'reporting', 'pid_file', 'log_format');
  ignored.push(...top.ignore('enable_worker_auth_debugging', 'default_max_request_duration'));
  const level = top.word('log_level', LOG_LEVELS) ?? 'info';
  const rootKey = readKms(top, ignored);
  const listeners = readListeners(top, ignored);
  const controllerBlock = top.block('controller');
  const workerBlock = top.block('worker');
  if (controllerBlock === undefined && workerBlock === undefined) {
    top.problem('controller', 'a "controller" block, a "worker" block, or both');
  }
  const controller =
    controllerBlock && readController(controllerBlock, { top, listeners, rootKey, use, ignored, problems });
  const worker = workerBlock && readWorker(workerBlock, { top, listeners, beside: controller?.config, ignored });
  top.end();
  if (problems.length > 0) throw new ConfigError(source, problems);
  return deepFreeze({
    controller: controller?.config,
    worker: use === 'server' ? worker?.config : undefined,
    migrationUrl: controller?.migrationUrl,
    drainTimeoutMs: worker?.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS,
    logLevel: LEVEL_NAMES[level] ?? level,
    ignored,
  });
}

const DEFAULT_DRAIN_TIMEOUT_MS = 30_000;

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && !ArrayBuffer.isView(inner)) deepFreeze(inner as object);
  }
  return Object.freeze(value);
}
