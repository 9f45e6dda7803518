/** A worker: control stream, proxy port and ops port, wired by hand. */
import { readFileSync } from 'node:fs';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Clock } from '../../lib/clock/clock';
import { formatAddress } from '../../lib/config/address';
import { packageFile } from '../../lib/config/package-root';
import { Lifecycle } from '../../lib/lifecycle/lifecycle';
import type { ListeningSocket } from '../../lib/lifecycle/listening-socket';
import type { LogOptions, Logger } from '../../lib/log/log';
import { startOps } from '../../lib/ops/ops-server';
import type { WorkerConfig, WorkerReload } from './config';
import { ControlClient } from './control/control-client';
import { DataPlane } from './data-plane';
import { createProxyMetrics } from './proxy/metrics';
import { SessionRegistry } from './sessions/registry';

/**
 * How long a closing worker waits for its last reports to be acknowledged; what is left stays on
 * disk.
 */
const LAST_REPORTS_MS = 2_000;
const LOOK_MS = 10;

export interface WorkerDeps {
  clock: Clock;
  log: Logger;
  /** How data processes log; default: at the level of `log`. */
  logOptions?: LogOptions | undefined;
  /** Called before a process that takes over says Hello to a controller. */
  attaching?: (() => void) | undefined;
}

export interface RunningWorker {
  readonly proxyAddress: { host: string; port: number };
  readonly opsAddress: { host: string; port: number } | undefined;
  /** Tells the processes of one worker apart. */
  readonly bootId: string;
  /** Undefined until the worker is enrolled. */
  workerId(): string | undefined;
  /** What an administrator creates the worker with; undefined when it does not wait for that. */
  registrationRequest(): string | undefined;
  /**
   * Resolves at the first Welcome of a controller; rejects when there can be none as the worker is
   * configured.
   */
  attached(): Promise<void>;
  /**
   * Takes no new connections, lets live ones run to the deadline, then cuts them as `worker drain`.
   * With an inherited listening socket nobody is refused meanwhile: who connects waits in its queue
   * for the next process.
   */
  drain(deadlineMs: number): Promise<void>;
  /**
   * Drains beside another process of this worker, which has attached and accepts on the same
   * sockets.
   */
  handOver(deadlineMs: number): Promise<void>;
  /** The listening sockets, for the next process of this worker. */
  sockets(): WorkerSockets;
  /**
   * The process that was to take over is gone: attaches anew, so that controllers see this one as
   * the worker.
   */
  goOn(): void;
  /** An earlier process that drained beside this one is gone. */
  processEnded(bootId: string): void;
  /** Takes other tags and controllers; live connections do not notice. */
  reload(config: WorkerReload): void;
  setLogLevel(level: string): void;
  /**
   * Ends without a successor at hand. Data processes keep their connections for the next control
   * process; a worker without data processes cuts everything.
   */
  letGo(): Promise<void>;
  /** Cuts everything, reports it if a controller is there, and frees ports and files. */
  close(): Promise<void>;
}

export interface WorkerSockets {
  proxy: ListeningSocket | undefined;
  ops: ListeningSocket | undefined;
}

/** Rejects with the error of the system when a port or the storage directory is not usable. */
export async function startWorker(config: WorkerConfig, deps: WorkerDeps): Promise<RunningWorker> {
  const lifecycle = new Lifecycle();
  try {
    return await start(config, deps, lifecycle);
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

async function start(
  config: WorkerConfig,
  { clock, log, logOptions, attaching }: WorkerDeps,
  lifecycle: Lifecycle,
): Promise<RunningWorker> {
  const registry = new Registry();
  const metrics = createProxyMetrics(registry);
  const state = { isDraining: false, isClosing: false, isPassedOn: config.proxy.fd !== undefined };
  const sessions: SessionRegistry = new SessionRegistry(clock, (...asked) => control.findSession(...asked), {
    granted: (session) => plane.fleet.granted(session),
    ended: (session) => plane.fleet.ended(session),
    forgotten: (session) => plane.fleet.forgotten(session),
  });
  let proxyAddress = config.takesOver?.proxyAddress ?? config.proxy;
  const control: ControlClient = new ControlClient({
    upstreams: config.initialUpstreams,
    storagePath: config.authStoragePath,
    activationToken: config.activationToken,
    releaseVersion: releaseVersion(),
    description: config.description ?? '',
    tags: config.tags,
    clock,
    log,
    address: () => config.publicAddress ?? formatAddress(proxyAddress),
    isDraining: () => state.isDraining,
    registry: sessions,
    drainingBootIds: config.takesOver?.drainingBootIds,
    closesAreSafe: (sequence) => plane.fleet.safe(sequence),
    attachedChanged: (isAttached) => plane.fleet.controllerState(isAttached),
  });
  lifecycle.onClose('the control stream', () => control.close());
  const plane: DataPlane = new DataPlane(config, { sessions, control, state, clock, log, logOptions, metrics });
  lifecycle.onClose('the proxy port', () => plane.close());
  if (config.takesOver) {
    attaching?.();
    control.start();
    // Until then the earlier process accepts.
    await control.firstAttach;
  } else await plane.takeUp();
  proxyAddress = await plane.listen();
  if (config.publicAddress === undefined && ['0.0.0.0', '::'].includes(proxyAddress.host)) {
    log.warn({ proxyAddress }, 'clients cannot use this address: set public_addr to one that they can reach');
  }
  const ops = await openOps(config, registry, { control, sessions, state, plane });
  if (ops) lifecycle.onClose('the ops port', () => ops.close());
  if (!config.takesOver) control.start();

  return {
    proxyAddress,
    opsAddress: ops?.address,
    sockets: () => ({ proxy: plane.socket(), ops: ops?.socket() }),
    ...commands({ control, sessions, plane, state, lifecycle, clock, log, closeOps: () => void ops?.close() }),
  };
}

type Commanded = Omit<RunningWorker, 'proxyAddress' | 'opsAddress' | 'sockets'>;

/** What a worker can be asked and told. */
function commands(parts: Ending & { lifecycle: Lifecycle; closeOps(): void }): Commanded {
  const { control, sessions, plane, state, lifecycle, log, closeOps } = parts;
  const { cutAll, drain } = endings(parts);
  const close = async (): Promise<void> => {
    state.isDraining = true;
    state.isClosing = true;
    plane.stopListening();
    await cutAll();
    sessions.close();
    await lifecycle.close();
  };
  return {
    workerId: () => control.workerId,
    registrationRequest: () => control.registrationRequest,
    attached: () => control.firstAttach,
    bootId: control.bootId,
    reload: (changed) => control.reload(changed),
    setLogLevel: (level) => plane.fleet.setLogLevel(level),
    goOn: () => control.goOn(),
    processEnded(bootId) {
      plane.processEnded(bootId).catch((error: unknown) => {
        log.error({ err: error }, 'what another process of this worker has left could not be taken up');
        control.processEnded(bootId);
      });
    },
    drain: (deadlineMs) => drain(deadlineMs, false),
    async handOver(deadlineMs) {
      state.isPassedOn = true;
      control.handOver();
      closeOps();
      await drain(deadlineMs, true);
    },
    async letGo() {
      if (!plane.letGo()) return close();
      sessions.close();
      await lifecycle.close();
    },
    close,
  };
}

type State = Parts['state'] & { isClosing: boolean };

type Ending = Omit<Parts, 'state'> & Pick<WorkerDeps, 'clock' | 'log'> & { state: State };

/** How the connections of a worker end with it. */
function endings(parts: Ending) {
  const { control, sessions, state, clock, log, plane } = parts;
  const cutAll = async (): Promise<void> => {
    sessions.cutAll({ closedBy: 'worker', cause: 'worker drain' });
    await until(clock, LAST_REPORTS_MS, () => sessions.connectionCount() === 0);
    await until(clock, LAST_REPORTS_MS, () => control.unacknowledged === 0 || !control.isAttached);
  };
  const drain = async (deadlineMs: number, isHandedOver: boolean): Promise<void> => {
    log.info({ deadline_ms: deadlineMs }, 'draining');
    state.isDraining = true;
    plane.drain(deadlineMs, isHandedOver);
    control.announceDraining();
    // Of what was accepted before, some may not have got as far as a connection.
    await until(clock, deadlineMs, () => state.isClosing || plane.isEmpty);
    await cutAll();
  };
  return { cutAll, drain };
}

interface Parts {
  control: ControlClient;
  sessions: SessionRegistry;
  plane: DataPlane;
  /**
   * `isPassedOn`: others hold the listening socket too, so that whoever comes is served by the next
   * process.
   */
  state: { isDraining: boolean; isPassedOn: boolean };
}

async function openOps(config: WorkerConfig, registry: Registry, { control, sessions, state, plane }: Parts) {
  if (!config.ops) return undefined;
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name: `sallyport_worker_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  gauge('sessions', 'Sessions this worker may serve or still explains.', () => sessions.size);
  gauge('attached', '1 while a controller holds the control stream.', () => Number(control.isAttached));
  gauge('unacknowledged_closes', 'Closed connections no controller has stored yet.', () => control.unacknowledged);
  gauge('data_processes', 'Processes beside this one that carry connections.', () => plane.fleet.size);
  return startOps(config.ops, {
    ready: () => control.isAttached && plane.isServing && !state.isDraining,
    health: () => ({
      worker_id: control.workerId,
      attached: control.isAttached,
      draining: state.isDraining,
      sessions: sessions.size,
      connections: sessions.connectionCount(),
      unacknowledged_closes: control.unacknowledged,
      data_processes: plane.fleet.size,
    }),
    registry,
    counted: () => plane.fleet.counted(),
    stopping: () => state.isDraining,
  });
}

/** Waits until `isDone`, looking every 10 ms, at most `limitMs`. */
async function until(clock: Clock, limitMs: number, isDone: () => boolean): Promise<void> {
  const end = clock.now().getTime() + limitMs;
  while (!isDone() && clock.now().getTime() < end) {
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}

function releaseVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}
