/**
 * Entry of a data process. It gets its configuration as the first message over Node's own channel,
 * answers with the listening socket, and the channel is closed: from then on it is reached by its
 * socket in the worker's directory, also by a later control process. Neither gRPC nor what the
 * control process needs is loaded here.
 */
import type { SendHandle } from 'node:child_process';
import { systemClock } from '../../../lib/clock/clock';
import { createLogger, type LogOptions } from '../../../lib/log/log';
import { startDataProcess, type DataProcess, type DataProcessConfig } from './data-process';

/** First message to a data process. */
export interface StartDataProcess {
  config: DataProcessConfig;
  log: LogOptions;
}

/** Its answer; with the listening socket when it has one. */
export type DataProcessStarted =
  { type: 'listening'; host: string; port: number } | { type: 'failed'; error: SystemError };

/** What tells a person what is wrong. */
type SystemError = Pick<NodeJS.ErrnoException, 'message' | 'code' | 'syscall' | 'path'> & {
  address?: string | undefined;
  port?: number | undefined;
};

let running: DataProcess | undefined;

async function start({ config, log }: StartDataProcess): Promise<void> {
  try {
    running = await startDataProcess(config, { clock: systemClock, log: createLogger('worker', log) });
  } catch (error) {
    const { message, code, syscall, path, address, port } = error as SystemError;
    const told = { message, code, syscall, path, address, port };
    tell({ type: 'failed', error: told }, undefined, () => process.exit(1));
    return;
  }
  // The control process closes the channel once it has the socket; it may be gone before.
  tell({ type: 'listening', ...running.address }, running.socket() as unknown as SendHandle | undefined);
  await running.over;
  process.exit(0);
}

function tell(message: DataProcessStarted, handle?: SendHandle, sent = (): void => {}): void {
  if (process.connected) process.send!(message, handle, undefined, sent);
  else sent();
}

process.once('message', (message: StartDataProcess) => void start(message));
process.once('disconnect', () => running ?? process.exit(1));
process.umask(0o077);
// Of a terminal, or of whoever stops all processes of the worker at once: while there is a control
// process, it decides.
for (const name of ['SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(name, () => undefined);
process.on('SIGTERM', () => running?.stopOrphan());
