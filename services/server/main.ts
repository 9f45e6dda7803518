/** `server`: the parts that a configuration file describes. A worker beside a controller is a process of its own. */
import { systemClock } from '../../lib/clock/clock';
import { formatAddress } from '../../lib/config/address';
import { Lifecycle } from '../../lib/lifecycle/lifecycle';
import { createLogger, type Logger } from '../../lib/log/log';
import type { ControllerConfig } from '../controller/config';
import type { WorkerConfig } from '../worker/config';
import { LOG_LEVELS, loadConfig, type ServerConfig } from './config';
import { configurationBlock, listenerLine } from './information';
import { runUntilStopped } from './signals';
import { StartFailure } from './start-failure';
import type { Flags, Streams } from './streams';

interface Parts {
  failed: Promise<string>[];
  lifecycle: Lifecycle;
  force: (() => void)[];
  lines: [label: string, value: string][];
}

export async function runServer(flags: Flags, streams: Streams): Promise<number> {
  const files = flags.texts('config');
  const loaded = loadConfig(files, 'server', streams.env ?? process.env);
  const config = { ...loaded, logLevel: logLevel(flags, loaded.logLevel) };
  const log = createLogger(config.controller === undefined ? 'worker' : 'controller', { level: config.logLevel });
  for (const key of config.ignored) log.warn({ key }, 'this key of the configuration has no effect');
  const parts: Parts = { failed: [], lifecycle: new Lifecycle(), force: [], lines: [['Log Level', config.logLevel]] };
  try {
    if (config.controller !== undefined) await addController(parts, config.controller, files[0]!, log);
    if (config.controller !== undefined && config.worker !== undefined) await addWorkerProcess(parts, config);
    else if (config.worker !== undefined) await addWorker(parts, config.worker, config.drainTimeoutMs, log);
  } catch (error) {
    await parts.lifecycle.close();
    throw error;
  }
  streams.stdout.write(`==> Sallyport server configuration:\n\n${configurationBlock(parts.lines)}\n`);
  streams.stdout.write('==> Sallyport server started! Log data will stream in below:\n\n');
  return runUntilStopped(
    {
      failed: Promise.race(parts.failed),
      stopping: 'Sallyport server graceful shutdown triggered, interrupt again to stop at once',
      close: () => parts.lifecycle.close(),
      force: () => parts.force.forEach((kill) => kill()),
    },
    streams,
  );
}

/** The flag (or its variable) wins over the file. */
function logLevel(flags: Flags, fromFile: string): string {
  const level = flags.text('log-level')?.toLowerCase();
  if (level === undefined) return fromFile;
  if (!(LOG_LEVELS as readonly string[]).includes(level)) {
    throw new StartFailure(`-log-level must be one of ${LOG_LEVELS.join(', ')}`, 3);
  }
  return level === 'err' ? 'error' : level;
}

async function addController(parts: Parts, config: ControllerConfig, file: string, log: Logger): Promise<void> {
  // Loaded here, so that a process that is only a worker does not hold the database driver.
  const { requireReadyDatabase } = await import('./preflight');
  const { startController } = await import('../controller/main');
  await requireReadyDatabase(config.database.url, log, file);
  const controller = await startController(config, { clock: systemClock, log });
  parts.lifecycle.onClose('the controller', () => controller.close());
  const tls = String(config.api.tls !== undefined);
  parts.lines.push(
    ['Controller Name', config.name],
    ['Listener 1', listenerLine({ addr: formatAddress(controller.apiAddress), purpose: 'api', tls })],
    ['Listener 2', listenerLine({ addr: formatAddress(controller.clusterAddress), purpose: 'cluster' })],
    ['Controller Public Cluster Addr', config.cluster.publicAddress ?? formatAddress(controller.clusterAddress)],
  );
  if (controller.opsAddress !== undefined) {
    parts.lines.push(['Listener 3', listenerLine({ addr: formatAddress(controller.opsAddress), purpose: 'ops' })]);
  }
}

async function addWorker(parts: Parts, config: WorkerConfig, drainMs: number, log: Logger): Promise<void> {
  const { startWorker } = await import('../worker/main');
  const worker = await startWorker(config, { clock: systemClock, log });
  parts.lifecycle.onClose('the worker', async () => {
    await worker.drain(drainMs);
    await worker.close();
  });
  // A worker that cannot enroll says why; one whose controllers are away keeps trying.
  parts.failed.push(worker.attached().then(never, (error: unknown) => (error as Error).message));
  addWorkerLines(parts, config, formatAddress(worker.proxyAddress));
  const request = worker.registrationRequest();
  if (request !== undefined) parts.lines.push(['Worker Auth Registration Request', request]);
}

async function addWorkerProcess(parts: Parts, config: ServerConfig): Promise<void> {
  const { enrollBeside } = await import('./enroll-beside');
  const { startWorkerProcess } = await import('./child-worker');
  const { config: workerConfig } = await enrollBeside(config.controller!, config.worker!);
  const worker = await startWorkerProcess(workerConfig, config.logLevel);
  parts.lifecycle.onClose('the worker', () => worker.stop(config.drainTimeoutMs));
  parts.force.push(() => worker.kill());
  parts.failed.push(
    worker.exited.then((how) => `the worker process ended ${how}; see its log above`),
    worker.attached.then(never, (error: unknown) => (error as Error).message),
  );
  addWorkerLines(parts, workerConfig, formatAddress(worker.proxyAddress));
}

const never = (): Promise<never> => new Promise(() => undefined);

function addWorkerLines(parts: Parts, config: WorkerConfig, proxyAddress: string): void {
  parts.lines.push(
    [
      `Listener ${parts.lines.filter(([label]) => label.startsWith('Listener')).length + 1}`,
      listenerLine({ addr: proxyAddress, purpose: 'proxy' }),
    ],
    ['Worker Public Proxy Addr', config.publicAddress ?? proxyAddress],
    ['Worker Auth Storage Path', config.authStoragePath],
  );
}
