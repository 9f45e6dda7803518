/**
 * The configuration file of `server` and `database`: JSON with the key names of Boundary. One pass
 * reads it into typed, frozen values or throws one {@link ConfigError} with every problem.
 */
import { ConfigError, Fields, type Problem } from '../../lib/config/fields';
import type { ControllerConfig } from '../controller/config';
import type { WorkerConfig } from '../worker/config';
import { readController, type ConfigUse } from './config-controller';
import { readConfigFile, type ConfigFiles } from './config-file';
import { readKms } from './config-kms';
import { readListeners } from './config-listeners';
import { readWorker } from './config-worker';
import { readLog, type LogSettings } from './log-settings';

export interface ServerConfig {
  controller?: ControllerConfig | undefined;
  worker?: WorkerConfig | undefined;
  /** postgres:// URL for migrations; the controller's own when the file names no other. */
  migrationUrl?: string | undefined;
  /** How long live connections may go on when a worker is told to stop, ms. */
  drainTimeoutMs: number;
  log: LogSettings;
  /** Where the id of the process is written while it runs. */
  pidFile?: string | undefined;
  /** Keys of the file that have no effect in this release. */
  ignored: string[];
}

export function loadConfig(from: ConfigFiles, use: ConfigUse, env: NodeJS.ProcessEnv): Readonly<ServerConfig> {
  const { file, values } = readConfigFile(from, env);
  return parseConfig(values, file, use, env);
}

export function parseConfig(
  values: Record<string, unknown>,
  source: string,
  use: ConfigUse,
  env: NodeJS.ProcessEnv,
): Readonly<ServerConfig> {
  const problems: Problem[] = [];
  const top = new Fields(values, '', problems, env);
  const ignored = top.ignore('disable_mlock', 'plugins', 'reporting', 'enable_worker_auth_debugging');
  const log = readLog(top, ignored);
  const pidFile = top.text('pid_file');
  const keys = readKms(top, ignored);
  const listeners = readListeners(top, ignored);
  // Only a controller has requests of its own.
  top.ignore('default_max_request_duration');
  const controllerBlock = top.block('controller');
  const workerBlock = top.block('worker');
  if (controllerBlock === undefined && workerBlock === undefined) {
    top.problem('controller', 'a "controller" block, a "worker" block, or both');
  }
  const controller =
    controllerBlock && readController(controllerBlock, { top, listeners, keys, use, ignored, problems });
  const worker = workerBlock && readWorker(workerBlock, { top, listeners, beside: controller?.config, ignored });
  top.end();
  if (problems.length > 0) throw new ConfigError(source, problems);
  return deepFreeze({
    controller: controller?.config,
    worker: use === 'server' ? worker?.config : undefined,
    migrationUrl: controller?.migrationUrl,
    drainTimeoutMs: worker?.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS,
    log,
    pidFile,
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
