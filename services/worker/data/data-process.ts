/**
 * A data process: accepts clients on a socket that it shares with others, and carries their bytes.
 * What it may do, and what becomes of its records, is the business of the control process.
 *
 *   accepting ──▶ draining ──▶ over
 *       └── the control process is gone: accepts no more, and ends with its last
 *           connection, unless it is taken up again
 */
import { join } from 'node:path';
import type { Clock } from '../../../lib/clock/clock';
import type { ListeningSocket } from '../../../lib/lifecycle/listening-socket';
import type { Logger } from '../../../lib/log/log';
import type { WorkerLimits } from '../limits';
import { ConnectionPlaces } from '../proxy/connection-places';
import { createProxy } from '../proxy/create-proxy';
import type { ProxyServer } from '../proxy/proxy-server';
import { SessionRegistry } from '../sessions/registry';
import { ControlLink, type Commands } from './control-link';
import { ProcessCounter } from './process-counts';

const LOOK_MS = 50;
/** How long the ends of connections that were cut may take. */
const LAST_ENDS_MS = 2_000;
/** How long a process without a control process waits for the first one. */
const FIRST_CONTROL_MS = 10_000;

/** All that a data process needs; comes as one message of JSON. */
export interface DataProcessConfig {
  bootId: string;
  /** Ms since the epoch. */
  began: number;
  /** Directory of the worker. */
  directory: string;
  /** Of the socket there: letters and digits. */
  name: string;
  /** Base64. */
  key: string;
  proxy: { host: string; port: number; fd?: number | undefined };
  limits?: WorkerLimits | undefined;
  /** Data processes of the worker. */
  processes: number;
}

export interface DataProcess {
  readonly address: { host: string; port: number };
  socket(): ListeningSocket | undefined;
  /** Resolves when the process has nothing left to do. */
  readonly over: Promise<void>;
  /** Cuts everything when there is no control process to decide it. */
  stopOrphan(): void;
}

const SOCKET_FORM = /^d-([0-9A-Za-z]+)\.sock$/;
export const socketPath = (directory: string, name: string): string => join(directory, `d-${name}.sock`);
/** The name in that of a file; undefined: another file. */
export const socketName = (file: string): string | undefined => SOCKET_FORM.exec(file)?.[1];

/** Rejects with the error of the system when the port or the directory is not usable. */
export async function startDataProcess(
  config: DataProcessConfig,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<DataProcess> {
  const process = new Process(config, clock, log);
  const address = await process.start();
  return {
    address,
    socket: () => process.proxy.socket(),
    over: process.over,
    stopOrphan: () => process.stopOrphan(),
  };
}

class Process implements Commands {
  readonly proxy: ProxyServer;
  readonly over: Promise<void>;
  private readonly link: ControlLink;
  private readonly registry: SessionRegistry;
  private readonly timers: (() => void)[] = [];
  private stopLooking = (): void => {};
  private markOver = (): void => {};
  private isDraining = false;
  /** Others accept on the same port, or somebody will: whoever comes is theirs. */
  private isPassedOn = false;
  private isEnding = false;

  constructor(
    private readonly config: DataProcessConfig,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    const { bootId, began, directory, name, processes } = config;
    const counter = new ProcessCounter();
    const registry = new SessionRegistry(clock, (...asked) => this.link.findSession(...asked));
    const key = Buffer.from(config.key, 'base64');
    this.registry = registry;
    this.link = new ControlLink({
      ...{ bootId, began, directory, name, key, registry, counter, clock, log },
      commands: this,
    });
    this.proxy = createProxy(config.proxy, {
      controller: this.link,
      sessions: registry,
      // The control process counts for all; this keeps one process from dialing more than all may.
      places: new ConnectionPlaces(config.limits),
      processes,
      isDraining: () => this.isDraining && !this.isPassedOn,
      clock,
      log,
      metrics: counter.metrics,
    });
    this.over = new Promise((resolve) => (this.markOver = resolve));
  }

  async start(): Promise<{ host: string; port: number }> {
    await this.link.listen(socketPath(this.config.directory, this.config.name));
    this.later(FIRST_CONTROL_MS, () => {
      if (!this.link.hasControl && this.registry.connectionCount() === 0) void this.end();
    });
    return this.proxy.listen();
  }

  drain(deadlineMs: number, isPassedOn: boolean): void {
    this.isDraining = true;
    this.isPassedOn ||= isPassedOn;
    if (!isPassedOn) return;
    this.proxy.stopListening();
    this.endWhenIdle();
    // Should the control process not be there to say it.
    this.later(deadlineMs, () => this.cutAndEnd());
  }

  stop(): void {
    void this.end();
  }

  orphaned(): void {
    this.log.warn('the control process of this worker is gone: connections go on, no new ones are accepted');
    this.isPassedOn = true;
    this.proxy.stopListening();
    this.endWhenIdle();
  }

  stopOrphan(): void {
    if (!this.link.hasControl) this.cutAndEnd();
  }

  private cutAndEnd(): void {
    this.isDraining = true;
    this.proxy.stopListening();
    this.registry.cutAll({ closedBy: 'worker', cause: 'worker drain' });
    this.later(LAST_ENDS_MS, () => void this.end());
    this.endWhenIdle();
  }

  /** Of what was accepted, some may not have got as far as a connection. */
  private endWhenIdle(): void {
    this.stopLooking();
    this.stopLooking = this.clock.every(LOOK_MS, () => {
      const isIdle = this.isPassedOn ? this.proxy.socketCount === 0 : this.registry.connectionCount() === 0;
      if (isIdle && this.link.isSettled) void this.end();
    });
  }

  private async end(): Promise<void> {
    if (this.isEnding) return;
    this.isEnding = true;
    this.stopLooking();
    for (const cancel of this.timers) cancel();
    await this.proxy.close();
    this.link.close();
    this.registry.close();
    this.markOver();
  }

  private later(ms: number, work: () => void): void {
    this.timers.push(this.clock.after(ms, work));
  }
}
