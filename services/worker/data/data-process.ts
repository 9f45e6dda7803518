/**
 * A data process: accepts clients on a socket that it shares with others, and carries their bytes. What it may do, and
 * what becomes of its records, is the business of the control process.
 *
 *   accepting ──▶ draining ──▶ over
 *       └── the control process is gone: accepts no more, and ends with its last connection, unless it is taken up again
 */
import { join } from 'node:path';
import type { Clock } from '../../../lib/clock/clock';
import type { ListeningSocket } from '../../../lib/lifecycle/listening-socket';
import type { Logger } from '../../../lib/log/log';
import type { WorkerLimits } from '../limits';
import { ConnectionPlaces } from '../proxy/connection-places';
import { createProxy } from '../proxy/create-proxy';
import { SessionRegistry } from '../sessions/registry';
import type { ConnectionEnd } from '../sessions/types';
import { ControlLink } from './control-link';
import { ProcessCounter } from './process-counts';

const LOOK_MS = 50;
/** How long the ends of connections that were cut may take. */
const LAST_ENDS_MS = 2_000;
/** How long a process without a control process waits for the first one. */
const FIRST_CONTROL_MS = 10_000;
const DRAINED: ConnectionEnd = { closedBy: 'worker', cause: 'worker drain' };

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
  const counter = new ProcessCounter();
  const registry: SessionRegistry = new SessionRegistry(clock, (...asked) => link.findSession(...asked));
  const state = { isDraining: false, isPassedOn: false, isEnding: false };
  const proxy = createProxy(config.proxy, {
    get controller() {
      return link;
    },
    // The control process counts for all; this keeps one process from dialing more than all may.
    places: new ConnectionPlaces(config.limits),
    processes: config.processes,
    sessions: registry,
    isDraining: () => state.isDraining && !state.isPassedOn,
    clock,
    log,
    metrics: counter.metrics,
  });
  let markOver = (): void => {};
  const over = new Promise<void>((resolve) => (markOver = resolve));
  const end = async (): Promise<void> => {
    if (state.isEnding) return;
    state.isEnding = true;
    stopLooking();
    await proxy.close();
    link.close();
    registry.close();
    markOver();
  };
  const cutAndEnd = (): void => {
    state.isDraining = true;
    proxy.stopListening();
    registry.cutAll(DRAINED);
    clock.after(LAST_ENDS_MS, () => void end());
    endWhenIdle();
  };
  let stopLooking = (): void => {};
  /** Of what was accepted, some may not have got as far as a connection. */
  const endWhenIdle = (): void => {
    stopLooking();
    stopLooking = clock.every(LOOK_MS, () => {
      const isIdle = state.isPassedOn ? proxy.socketCount === 0 : registry.connectionCount() === 0;
      if (isIdle && link.isSettled) void end();
    });
  };
  const link: ControlLink = new ControlLink({
    bootId: config.bootId,
    began: config.began,
    directory: config.directory,
    name: config.name,
    key: Buffer.from(config.key, 'base64'),
    registry,
    counter,
    clock,
    log,
    commands: {
      drain(deadlineMs, isPassedOn) {
        state.isDraining = true;
        state.isPassedOn = isPassedOn;
        if (!isPassedOn) return;
        proxy.stopListening();
        endWhenIdle();
        // Should the control process not be there to say it.
        clock.after(deadlineMs, cutAndEnd);
      },
      stop: () => void end(),
      orphaned() {
        log.warn('the control process of this worker is gone: connections go on, no new ones are accepted');
        state.isPassedOn = true;
        proxy.stopListening();
        endWhenIdle();
      },
    },
  });
  await link.listen(socketPath(config.directory, config.name));
  clock.after(FIRST_CONTROL_MS, () => void (link.hasControl || registry.connectionCount() > 0 || end()));
  const address = await proxy.listen();
  return { address, socket: () => proxy.socket(), over, stopOrphan: () => void (link.hasControl || cutAndEnd()) };
}
