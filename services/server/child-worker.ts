/** A worker as a child process: started, watched and stopped. */
import { spawn } from 'node:child_process';
import { bareEnvironment } from '../../lib/config/variables';
import { packageFile } from '../../lib/config/package-root';
import type { WorkerConfig, WorkerReload } from '../worker/config';
import type { LogSettings } from './log-settings';
import { StartFailure } from './start-failure';
import type { FromWorker, ToWorker } from './worker-messages';

export interface WorkerProcess {
  readonly pid: number;
  readonly proxyAddress: { host: string; port: number };
  /**
   * Resolves with the worker's id when its control stream is attached. Rejects when the worker
   * cannot get that far.
   */
  readonly attached: Promise<string | undefined>;
  /** Settles when the process has ended, in whatever way. */
  readonly exited: Promise<string>;
  reload(config: WorkerReload, logLevel: string): void;
  stop(drainMs: number): Promise<void>;
  kill(): void;
}

const START_TIMEOUT_MS = 30_000;
/** Added to the drain time. The process is killed after that. */
const STOP_TIMEOUT_MS = 10_000;

export async function startWorkerProcess(config: WorkerConfig, log: LogSettings): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [packageFile('dist', 'worker.cjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Its configuration is the first message.
    env: bareEnvironment(process.env),
  });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `with code ${code}` : `by signal ${signal}`));
    child.once('error', (error) => resolve(error.message));
  });
  const heard = messages();
  child.on('message', (message: FromWorker) => heard.take(message));
  void exited.then((how) => heard.fail(new StartFailure(`the worker process ended ${how}`)));
  const tell = (message: ToWorker): void => {
    // The process may end at any time; `exited` reports that.
    if (child.connected) child.send(message, () => undefined);
  };
  tell({ type: 'start', config, log });
  const timer = setTimeout(() => heard.fail(new StartFailure('the worker did not start in time')), START_TIMEOUT_MS);
  try {
    const proxyAddress = await heard.listening;
    return {
      pid: child.pid!,
      proxyAddress,
      attached: heard.attached,
      exited,
      reload: (changed, logLevel) => tell({ type: 'reload', config: changed, logLevel }),
      async stop(drainMs) {
        tell({ type: 'stop', drainMs });
        const force = setTimeout(() => child.kill('SIGKILL'), drainMs + STOP_TIMEOUT_MS);
        await exited;
        clearTimeout(force);
      },
      kill: () => void child.kill('SIGKILL'),
    };
  } catch (error) {
    child.kill('SIGKILL');
    await exited;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The child's messages as promises. */
function messages() {
  const listening = deferred<{ host: string; port: number }>();
  const attached = deferred<string | undefined>();
  // Looked at later, or not at all.
  attached.promise.catch(() => undefined);
  const fail = (error: Error): void => {
    listening.reject(error);
    attached.reject(error);
  };
  return {
    listening: listening.promise,
    attached: attached.promise,
    fail,
    take(message: FromWorker) {
      if (message.type === 'listening') listening.resolve({ host: message.host, port: message.port });
      else if (message.type === 'attached') attached.resolve(message.workerId);
      else fail(new StartFailure(message.message));
    },
  };
}

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: Error): void } {
  let settle!: { resolve(value: T): void; reject(error: Error): void };
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}
