/**
 * Entry of a worker process that another process started. It gets its configuration as the first
 * message, and ends when it is told to or when its parent is gone. Neither the database driver nor
 * controller code is loaded here.
 */
import { systemClock } from '../../lib/clock/clock';
import { createLogger, setLevel, type Logger } from '../../lib/log/log';
import { STOP_SIGNALS } from '../../lib/platform/signals';
import { startWorker, type RunningWorker } from '../worker/main';
import { startFailure } from './start-failure';
import type { FromWorker, ToWorker } from './worker-messages';

/** Longest wait for an orderly end after the parent is gone. */
const ORPHAN_TIMEOUT_MS = 5_000;

let log: Logger | undefined;
let worker: Promise<RunningWorker> | undefined;
let ending: Promise<void> | undefined;

function tell(message: FromWorker): void {
  if (process.connected) process.send!(message);
}

async function start(message: Extract<ToWorker, { type: 'start' }>): Promise<void> {
  log = createLogger('worker', message.log);
  worker = startWorker(message.config, { clock: systemClock, log, logOptions: message.log });
  try {
    const running = await worker;
    tell({ type: 'listening', ...running.proxyAddress });
    await running.attached();
    tell({ type: 'attached', workerId: running.workerId() });
  } catch (error) {
    if (ending !== undefined) return;
    tell({ type: 'failed', message: startFailure(error).message });
    process.exitCode = 1;
    await end(0);
  }
}

async function reload({ config, logLevel }: Extract<ToWorker, { type: 'reload' }>): Promise<void> {
  if (log !== undefined) setLevel(log, logLevel);
  const running = await worker?.catch(() => undefined);
  running?.reload(config);
  running?.setLogLevel(logLevel);
}

/** Closes once, however often and by whom it is asked for. */
function end(drainMs: number): Promise<void> {
  ending ??= (async () => {
    const running = await worker?.catch(() => undefined);
    if (drainMs > 0) await running?.drain(drainMs);
    await running?.close();
    if (process.connected) process.disconnect();
  })();
  return ending;
}

process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'start':
      return void start(message);
    case 'reload':
      return void reload(message);
    case 'stop':
      return void end(message.drainMs);
  }
});
process.on('disconnect', () => {
  setTimeout(() => process.exit(1), ORPHAN_TIMEOUT_MS).unref();
  void end(0);
});
// Ctrl-C at the terminal reaches every process; the parent decides what happens.
for (const name of STOP_SIGNALS) if (name !== 'SIGTERM') process.on(name, () => undefined);
process.on('SIGTERM', () => void end(0));
