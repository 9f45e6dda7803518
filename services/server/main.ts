/** `server`: the parts that a configuration file describes. A worker beside a controller is a process of its own. */
import { rmSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../lib/clock/clock';
import { formatAddress } from '../../lib/config/address';
import { Lifecycle } from '../../lib/lifecycle/lifecycle';
import { createLogger, setLevel, type Logger } from '../../lib/log/log';
import type { ControllerConfig } from '../controller/config';
import type { WorkerConfig } from '../worker/config';
import { loadConfig, type ServerConfig } from './config';
import { configurationBlock, listenerLine } from './information';
import { Handover } from './handover';
import { inheritedSockets, type InheritedSockets } from './inherited-socket';
import { withLogFlags, type LogSettings } from './log-settings';
import { predecessorOf, type Predecessor } from './predecessor';
import { createReload } from './reload';
import { runUntilStopped } from './signals';
import { StartFailure } from './start-failure';
import type { Flags, Streams } from './streams';

interface Parts {
  failed: Promise<string>[];
  lifecycle: Lifecycle;
  force: (() => void)[];
  /** What each part takes over of a configuration that was read again. */
  reload: ((config: ServerConfig) => void)[];
  lines: [label: string, value: string][];
  /** Of a worker that is not beside a controller. */
  handover?: Handover;
}

export async function runServer(flags: Flags, streams: Streams): Promise<number> {
  const env = streams.env ?? process.env;
  const predecessor = predecessorOf(env);
  try {
    return await serve({ flags, env, predecessor }, streams);
  } finally {
    predecessor?.end();
  }
}

interface Call {
  flags: Flags;
  env: NodeJS.ProcessEnv;
  /** Of a process that takes over from others of the same worker. */
  predecessor: Predecessor | undefined;
}

async function serve({ flags, env, predecessor }: Call, streams: Streams): Promise<number> {
  const from = { files: flags.texts('config'), kmsFile: flags.text('config-kms') };
  const loaded = loadConfig(from, 'server', env);
  const config = { ...loaded, log: withLogFlags(flags, loaded.log) };
  const log = createLogger(config.controller === undefined ? 'worker' : 'controller', config.log);
  for (const key of config.ignored) log.warn({ key }, 'this key of the configuration has no effect');
  const lines: Parts['lines'] = [['Log Level', config.log.level]];
  const parts: Parts = { failed: [], lifecycle: new Lifecycle(), force: [], reload: [], lines };
  parts.reload.push((changed) => setLevel(log, withLogFlags(flags, changed.log).level));
  try {
    await addParts(parts, config, { file: from.files[0]!, env, log, logSettings: config.log, flags, predecessor });
  } catch (error) {
    await parts.lifecycle.close();
    throw error;
  }
  const apply = (changed: ServerConfig): void => parts.reload.forEach((take) => take(changed));
  const reload = createReload({ from, env, streams, apply });
  return runUntilStopped(
    {
      failed: Promise.race(parts.failed),
      started: () => started(parts, predecessor === undefined ? config.pidFile : undefined),
      stopping: stoppingText(config),
      close: () => parts.lifecycle.close(),
      force: () => parts.force.forEach((kill) => kill()),
      reload: () => void (parts.handover?.reload() || reload()),
      handOver: () => handOver(parts, streams),
      signals: predecessor?.signals,
    },
    streams,
  );
}

function started({ lifecycle, lines }: Parts, pidFile: string | undefined): string {
  if (pidFile !== undefined) addPidFile(lifecycle, pidFile);
  return (
    `==> Sallyport server configuration:\n\n${configurationBlock(lines)}\n` +
    '==> Sallyport server started! Log data will stream in below:\n\n'
  );
}

function handOver({ handover }: Parts, streams: Streams): void {
  if (handover !== undefined) handover.begin();
  else streams.stderr.write('\nError: SIGUSR2: only a worker without a controller in its file can be handed over\n');
}

function stoppingText({ controller }: ServerConfig): string {
  const waitMs = controller?.ops === undefined ? 0 : controller.gracefulShutdownWaitMs;
  const wait = waitMs > 0 ? `Health is enabled, waiting ${waitMs / 1_000}s before shutdown\n==> ` : '';
  return `${wait}Sallyport server graceful shutdown triggered, interrupt again to stop at once`;
}

interface Start extends Call {
  file: string;
  log: Logger;
  logSettings: LogSettings;
}

async function addParts(parts: Parts, config: ServerConfig, start: Start): Promise<void> {
  const { file, env, log, flags, predecessor } = start;
  const sockets = inheritedSockets(env);
  if (sockets !== undefined && (config.controller !== undefined || config.worker === undefined)) {
    throw new StartFailure('LISTEN_FDS: a socket can only be passed to a file with a "worker" block alone', 3);
  }
  if (config.controller !== undefined) await addController(parts, config.controller, file, log);
  if (config.controller !== undefined && config.worker !== undefined) await addWorkerProcess(parts, config, flags);
  else if (config.worker !== undefined) {
    const worker = withSockets(config.worker, sockets);
    await addWorker(parts, { ...worker, takesOver: predecessor?.takesOver }, config.drainTimeoutMs, start);
  }
}

/** For supervisors; gone when the process ends in order. */
function addPidFile(lifecycle: Lifecycle, file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch (error) {
    throw new StartFailure(`pid_file: cannot be written: ${(error as Error).message}`);
  }
  lifecycle.onClose('the pid file', () => rmSync(file, { force: true }));
}

/** The ports are inherited sockets when there are such, whatever addresses the file names. */
const withSockets = (config: WorkerConfig, sockets: InheritedSockets | undefined): WorkerConfig => ({
  ...config,
  proxy: { ...config.proxy, fd: sockets?.proxy },
  ops: config.ops && { ...config.ops, fd: sockets?.ops },
});

async function addController(parts: Parts, config: ControllerConfig, file: string, log: Logger): Promise<void> {
  // Loaded here, so that a process that is only a worker does not hold the database driver.
  const { requireReadyDatabase } = await import('./preflight');
  const { startController } = await import('../controller/main');
  await requireReadyDatabase(config.database.url, log, file);
  const controller = await startController(config, { clock: systemClock, log });
  parts.lifecycle.onClose('the controller', () => controller.close());
  parts.reload.push((changed) => changed.controller && controller.reload(changed.controller));
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

async function addWorker(parts: Parts, config: WorkerConfig, drainMs: number, start: Start): Promise<void> {
  const { log, env, predecessor, flags, logSettings: logOptions } = start;
  const { startWorker } = await import('../worker/main');
  const worker = await startWorker(config, { clock: systemClock, log, logOptions, attaching: predecessor?.attaching });
  if (predecessor) {
    parts.lifecycle.onClose('the worker', () => predecessor.stop(worker, drainMs));
    parts.failed.push(predecessor.gone);
    predecessor.serve(worker);
  } else {
    const handover = new Handover(worker, { log, env, drainMs });
    parts.handover = handover;
    parts.lifecycle.onClose('the worker', () => handover.close());
    parts.force.push(() => handover.force());
    parts.failed.push(handover.failed);
  }
  parts.reload.push(
    (changed) => changed.worker && worker.reload(changed.worker),
    (changed) => worker.setLogLevel(withLogFlags(flags, changed.log).level),
  );
  // A worker that cannot enroll says why; one whose controllers are away keeps trying.
  parts.failed.push(worker.attached().then(never, (error: unknown) => (error as Error).message));
  addWorkerLines(parts, config, formatAddress(worker.proxyAddress));
  const request = worker.registrationRequest();
  if (request !== undefined) parts.lines.push(['Worker Auth Registration Request', request]);
}

async function addWorkerProcess(parts: Parts, config: ServerConfig, flags: Flags): Promise<void> {
  const { enrollBeside } = await import('./enroll-beside');
  const { startWorkerProcess } = await import('./child-worker');
  const { config: workerConfig } = await enrollBeside(config.controller!, config.worker!);
  const worker = await startWorkerProcess(workerConfig, config.log);
  parts.lifecycle.onClose('the worker', () => worker.stop(config.drainTimeoutMs));
  parts.force.push(() => worker.kill());
  parts.reload.push(({ worker: changed, log }) => changed && worker.reload(changed, withLogFlags(flags, log).level));
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
