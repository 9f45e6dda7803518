/**
 * The data processes of a worker: started, watched, replaced, drained and stopped. Those that an
 * earlier control process has left behind are taken up: their connections go on, and they end with
 * the last one.
 */
import { closeSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { Clock } from '../../../lib/clock/clock';
import { randomBase62 } from '../../../lib/ids/ids';
import type { ListeningSocket } from '../../../lib/lifecycle/listening-socket';
import type { LogOptions, Logger } from '../../../lib/log/log';
import type { SessionObserver, WorkerSession } from '../sessions/registry';
import type { WorkerLimits } from '../limits';
import { socketName, socketPath, type DataProcessConfig } from './data-process';
import { dialProcess, launch, type KeptSocket, type Launched } from './launch';
import { RemoteProcess, type RemoteParts } from './remote-process';

const NAME_LENGTH = 12;
/**
 * Back-off between a process and its replacement: from this, doubled up to the maximum while they
 * do not live long.
 */
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** One that lived for so long did not end for a reason that its replacement has as well. */
const LONG_LIFE_MS = 60_000;
/**
 * A port may be held for a moment by processes that are about to notice that their control process
 * is gone.
 */
const PORT_TRIES = 20;
/** How often a process is asked that does not answer, or says that it has a control process. */
const TAKE_UP_TRIES = 3;
const PAUSE_MS = 100;
/**
 * A socket that nobody answers at is removed when it is this old: a younger one may be about to
 * listen.
 */
const STALE_MS = 10_000;
/** How long a process may take to end in order before it is killed. */
const STOP_MS = 2_000;
const COUNTS_MS = 1_000;

export interface FleetOptions {
  /** How many processes accept. */
  processes: number;
  proxy: DataProcessConfig['proxy'];
  directory: string;
  limits: WorkerLimits | undefined;
  logOptions: LogOptions;
  /** Ms since the epoch. */
  began: number;
}

export interface TakenUp {
  left: { bootId: string; isHandedOver: boolean }[];
  living: string[];
}

type FleetParts = Omit<RemoteParts, 'key'> & { key: Buffer; clock: Clock; log: Logger };

export class DataFleet implements SessionObserver {
  private readonly processes = new Set<RemoteProcess>();
  private readonly children = new Map<RemoteProcess, Launched>();
  /** Of the sockets of the processes. */
  private readonly names = new Set<string>();
  /** Ends of replacements that are being started. */
  private readonly starting = new Set<Promise<void>>();
  private readonly cancelRetries = new Set<() => void>();
  private listener: KeptSocket | undefined;
  /** Descriptor of a listening socket that was passed on, until it is in `listener`. */
  private inherited: number | undefined;
  private state: 'serving' | 'draining' | 'closing' = 'serving';
  private retryMs = FIRST_RETRY_MS;
  private bootId = '';

  constructor(
    private readonly options: FleetOptions,
    private readonly parts: FleetParts,
  ) {
    this.inherited = options.proxy.fd;
  }

  /** Processes that are linked to this one. */
  get size(): number {
    return this.processes.size;
  }

  /** Processes that accept. */
  get serving(): number {
    return this.state === 'serving' ? this.children.size : 0;
  }

  /**
   * Takes up what other control processes have left. `ended` is called when the last process of a
   * boot id is gone. Answers the boot ids of what was taken up, the latest first, and those of
   * control processes that live beside this one.
   */
  async takeUp(ended: (bootId: string) => void): Promise<TakenUp> {
    const { directory } = this.options;
    const names = readdirSync(directory)
      .map(socketName)
      .filter((name) => name !== undefined && !this.names.has(name));
    const found = await Promise.all(names.map((name) => this.takeUpOne(name!)));
    const taken = found.filter((one) => one instanceof RemoteProcess).sort((a, b) => b.began - a.began);
    for (const process of taken) {
      const { pid, connectionCount: connections } = process;
      this.parts.log.info({ pid, connections }, 'a data process of an earlier control process is taken up');
      void process.gone.then(() => {
        if (![...this.processes].some(({ bootId }) => bootId === process.bootId)) ended(process.bootId);
      });
    }
    const byBootId = new Map(taken.map(({ bootId, isHandedOver }) => [bootId, { bootId, isHandedOver }]));
    const living = found.flatMap((one) => (one !== undefined && 'takenBy' in one ? [one.takenBy] : []));
    return { left: [...byBootId.values()], living: [...new Set(living)] };
  }

  private async takeUpOne(name: string): Promise<RemoteProcess | { takenBy: string } | undefined> {
    for (let triesLeft = TAKE_UP_TRIES; ; triesLeft--) {
      const socket = await dialProcess(this.options.directory, name);
      if (socket === undefined) {
        this.removeStale(name);
        return undefined;
      }
      const found = await RemoteProcess.takeUp(socket, this.parts);
      if (found instanceof RemoteProcess) {
        this.add(found, name);
        return found;
      }
      // A busy process may be about to notice that its control process is gone, or may need longer
      // to answer.
      if (triesLeft === 0) return found;
      await this.pause();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => this.parts.clock.after(PAUSE_MS, resolve));
  }

  private removeStale(name: string): void {
    const path = socketPath(this.options.directory, name);
    const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (made !== undefined && Date.now() - made > STALE_MS) rmSync(path, { force: true });
  }

  /** Starts the processes. Rejects with the error of the system when the port is not usable. */
  async listen(bootId: string): Promise<{ host: string; port: number }> {
    this.bootId = bootId;
    const address = await this.startFirst();
    const others = Array.from({ length: this.options.processes - 1 }, () => this.start());
    await Promise.all(others);
    return address;
  }

  /** To be passed to a process that takes over. */
  socket(): ListeningSocket | undefined {
    return this.listener;
  }

  granted(session: WorkerSession): void {
    for (const process of this.processes) process.granted(session);
  }

  ended(session: WorkerSession): void {
    for (const process of this.processes) process.ended(session);
  }

  forgotten(session: WorkerSession): void {
    for (const process of this.processes) process.forgotten(session);
  }

  /** Of the spool of closes. */
  safe(sequence: bigint): void {
    for (const process of this.processes) process.safe(sequence);
  }

  controllerState(attached: boolean): void {
    for (const process of this.processes) process.tell({ $case: 'controller_state', value: { attached } });
  }

  setLogLevel(level: string): void {
    this.options.logOptions = { ...this.options.logOptions, level };
    for (const process of this.processes) process.tell({ $case: 'log_level', value: { level } });
  }

  /** Resolves when all that the processes have counted by now has come. */
  async counted(): Promise<void> {
    await Promise.all([...this.processes].map((process) => process.counted(COUNTS_MS)));
  }

  /**
   * No process is replaced any more. With `isPassedOn` they accept no more, and each ends with its
   * last connection.
   */
  drain(deadlineMs: number, { isPassedOn, isHandedOver }: { isPassedOn: boolean; isHandedOver: boolean }): void {
    this.state = 'draining';
    const value = { deadline_ms: BigInt(deadlineMs), passed_on: isPassedOn, handed_over: isHandedOver };
    for (const process of this.processes) process.tell({ $case: 'drain', value });
    if (isPassedOn) this.closeListener();
  }

  /** Leaves the processes with their connections to the next control process. */
  letGo(): void {
    this.stopReplacing();
    for (const child of this.children.values()) child.leave();
    for (const process of this.processes) process.letGo();
    this.processes.clear();
    this.closeListener();
  }

  /** Ends all processes, with whatever they have. */
  async close(): Promise<void> {
    this.stopReplacing();
    await Promise.all(this.starting);
    this.closeListener();
    const all = [...this.processes].map((process) => ({ process, child: this.children.get(process) }));
    for (const { process } of all) process.tell({ $case: 'stop', value: {} });
    const cancel = this.parts.clock.after(STOP_MS, () => {
      for (const { process, child } of all) (child ?? { kill: () => process.drop() }).kill();
    });
    await Promise.all(all.map(({ process, child }) => child?.exited ?? process.gone));
    cancel();
  }

  private stopReplacing(): void {
    this.state = 'closing';
    for (const cancel of this.cancelRetries) cancel();
    this.cancelRetries.clear();
  }

  private closeListener(): void {
    this.listener?.close();
    this.listener = undefined;
  }

  /** The first one binds the port, and passes the socket back for the others. */
  private async startFirst(): Promise<{ host: string; port: number }> {
    for (let left = PORT_TRIES; ; left--) {
      try {
        const { address, listener } = await this.start();
        this.listener = listener;
        // From here on there is one socket, which is closed when others accept.
        if (this.inherited !== undefined) closeSync(this.inherited);
        this.inherited = undefined;
        return address;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'EADDRINUSE' || left === 0 || this.processes.size === 0) throw error;
        await this.pause();
      }
    }
  }

  private async start(): Promise<Launched> {
    const { directory, limits, processes, began, logOptions, proxy } = this.options;
    const name = randomBase62(NAME_LENGTH);
    const fd = this.listener?.fd ?? this.inherited;
    const key = this.parts.key.toString('base64');
    const config = { bootId: this.bootId, began, directory, name, key, limits, processes, proxy: { ...proxy, fd } };
    const child = await launch({ config, log: logOptions });
    const socket = await dialProcess(directory, name);
    const process = socket && (await RemoteProcess.takeUp(socket, this.parts));
    if (!(process instanceof RemoteProcess)) {
      child.kill();
      throw new Error('a data process of this worker cannot be reached in its directory');
    }
    if (this.state !== 'serving') {
      child.kill();
      process.drop();
      throw new Error('a data process got ready too late');
    }
    if (this.listener !== undefined) child.listener?.close();
    this.children.set(process, child);
    this.add(process, name);
    const startedAt = this.parts.clock.now().getTime();
    void process.gone.then(() => this.replace(process, child, startedAt));
    return child;
  }

  private add(process: RemoteProcess, name: string): void {
    this.processes.add(process);
    this.names.add(name);
    process.tell({ $case: 'controller_state', value: { attached: this.parts.upstream.isAttached } });
    void process.gone.then(() => {
      this.processes.delete(process);
      this.names.delete(name);
      if (!process.isLeft) rmSync(socketPath(this.options.directory, name), { force: true });
    });
  }

  /** Without its link it is of no use, should it still be there. */
  private replace(process: RemoteProcess, child: Launched, startedAt: number): void {
    this.children.delete(process);
    if (this.state !== 'serving') return;
    child.kill();
    if (this.parts.clock.now().getTime() - startedAt >= LONG_LIFE_MS) this.retryMs = FIRST_RETRY_MS;
    void child.exited.then((how) =>
      this.parts.log.error({ pid: process.pid }, `a data process ended ${how}: another one takes its place`),
    );
    this.startLater();
  }

  private startLater(): void {
    const cancel = this.parts.clock.after(this.retryMs, () => {
      this.cancelRetries.delete(cancel);
      const begun = this.start().then(
        () => undefined,
        (error: unknown) => {
          this.parts.log.error({ err: error }, 'a data process could not be started');
          if (this.state === 'serving') this.startLater();
        },
      );
      this.starting.add(begun);
      void begun.then(() => this.starting.delete(begun));
    });
    this.cancelRetries.add(cancel);
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
  }
}
