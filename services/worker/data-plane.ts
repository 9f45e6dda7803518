/**
 * How a worker carries connections: in its own process, or in data processes. The rest of the
 * worker sees no difference.
 */
import type { Clock } from '../../lib/clock/clock';
import type { ListeningSocket } from '../../lib/lifecycle/listening-socket';
import type { LogOptions, Logger } from '../../lib/log/log';
import type { WorkerConfig } from './config';
import type { ControlClient } from './control/control-client';
import { openStorage } from './control/identity';
import { DataFleet } from './data/data-fleet';
import { processKey } from './data/process-key';
import { ConnectionPlaces } from './proxy/connection-places';
import { createProxy } from './proxy/create-proxy';
import type { ProxyMetrics } from './proxy/metrics';
import type { ProxyServer } from './proxy/proxy-server';
import type { SessionRegistry } from './sessions/registry';

/** How often it is looked whether other control processes still live. */
const WATCH_MS = 5_000;

export interface DataPlaneParts {
  sessions: SessionRegistry;
  control: ControlClient;
  /**
   * `isPassedOn`: others hold the listening socket too, so that whoever comes is served by the next
   * process.
   */
  state: { isDraining: boolean; isPassedOn: boolean };
  clock: Clock;
  log: Logger;
  /** Of data processes; default: the level of `log`. */
  logOptions?: LogOptions | undefined;
  metrics: ProxyMetrics;
}

export class DataPlane {
  readonly fleet: DataFleet;
  /** Undefined where data processes accept. */
  private readonly proxy: ProxyServer | undefined;
  private readonly stopWatching: (() => void)[] = [];
  private isClosed = false;

  /** Throws the error of the system when the worker's directory is not usable. */
  constructor(
    private readonly config: WorkerConfig,
    private readonly parts: DataPlaneParts,
  ) {
    const { dataProcesses: processes = 1, limits, authStoragePath: directory } = config;
    const { sessions, control, state, clock, log, logOptions = { level: log.level }, metrics } = parts;
    const isDraining = (): boolean => state.isDraining && !state.isPassedOn;
    openStorage(directory);
    let key: Buffer | undefined;
    const places = new ConnectionPlaces(limits);
    const began = clock.now().getTime();
    this.fleet = new DataFleet(
      { processes, proxy: config.proxy, directory, limits, logOptions, began },
      {
        ...{ sessions, places, metrics, clock, log, upstream: control, isDraining },
        // Only a worker with data processes needs one.
        get key() {
          return (key ??= processKey(directory));
        },
      },
    );
    if (processes > 1) return;
    this.proxy = createProxy(config.proxy, { controller: control, sessions, places, isDraining, clock, log, metrics });
  }

  /**
   * Takes up data processes that an earlier control process has left behind. To be called before
   * the control stream starts, since controllers are to see one worker whose connections go on.
   */
  async takeUp(): Promise<void> {
    const { control } = this.parts;
    const { left, living } = await this.takeUpProcesses();
    const bootId = left.find(({ isHandedOver }) => !isHandedOver)?.bootId;
    const others = left.map((process) => process.bootId).filter((id) => id !== bootId);
    control.goOnAs(bootId, [...others, ...living.filter((id) => !others.includes(id) && id !== bootId)]);
    for (const id of living) if (id !== bootId) this.watch(id);
  }

  /** Nobody tells of the end of a control process that drains, where the one that would is gone. */
  private watch(bootId: string): void {
    const look = async (): Promise<void> => {
      const { left, living } = await this.takeUpProcesses();
      if (this.isClosed) return;
      if (living.includes(bootId)) return this.later(look);
      if (!left.some((process) => process.bootId === bootId)) this.parts.control.processEnded(bootId);
    };
    this.later(look);
  }

  private later(look: () => Promise<void>): void {
    this.stopWatching.push(
      this.parts.clock.after(WATCH_MS, () => {
        look().catch((error: unknown) => {
          this.parts.log.warn({ err: error }, 'other processes of this worker could not be looked for');
          this.later(look);
        });
      }),
    );
  }

  /**
   * Another control process of this worker is gone. Data processes that it has left go on here;
   * without such, nobody has its connections any more.
   */
  async processEnded(bootId: string): Promise<void> {
    const { left } = await this.takeUpProcesses();
    if (!left.some((process) => process.bootId === bootId)) this.parts.control.processEnded(bootId);
  }

  private takeUpProcesses() {
    const { control } = this.parts;
    return this.fleet.takeUp((bootId) => bootId !== control.bootId && control.processEnded(bootId));
  }

  /** Starts to accept. Rejects with the error of the system when the port is not usable. */
  listen(): Promise<{ host: string; port: number }> {
    return this.proxy?.listen() ?? this.fleet.listen(this.parts.control.bootId);
  }

  /** To be passed to a process that takes over. */
  socket(): ListeningSocket | undefined {
    return this.proxy === undefined ? this.fleet.socket() : this.proxy.socket();
  }

  /** Whether anything accepts. */
  get isServing(): boolean {
    return this.proxy !== undefined || this.fleet.serving > 0;
  }

  /** Takes no new connections. */
  drain(deadlineMs: number, isHandedOver: boolean): void {
    const { isPassedOn } = this.parts.state;
    if (isPassedOn) this.proxy?.stopListening();
    this.fleet.drain(deadlineMs, { isPassedOn, isHandedOver });
  }

  /** Nothing is left of what was accepted. What others would refuse need not be waited for. */
  get isEmpty(): boolean {
    const { sessions, state } = this.parts;
    if (sessions.connectionCount() > 0) return false;
    return !state.isPassedOn || ((this.proxy?.socketCount ?? 0) === 0 && this.fleet.size === 0);
  }

  /**
   * Leaves the connections of data processes to a later control process; false where this process
   * carries connections itself.
   */
  letGo(): boolean {
    if (this.proxy !== undefined) return false;
    this.endWatching();
    this.fleet.letGo();
    return true;
  }

  private endWatching(): void {
    this.isClosed = true;
    for (const stop of this.stopWatching.splice(0)) stop();
  }

  stopListening(): void {
    this.proxy?.stopListening();
  }

  /** Ends with whatever there is. */
  async close(): Promise<void> {
    this.endWatching();
    await Promise.all([this.proxy?.close(), this.fleet.close()]);
  }
}
