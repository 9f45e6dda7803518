/**
 * The main process of a worker, as a process sees it that takes over: what it was told, and how the
 * two go on talking.
 */
import type { SendHandle } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { ListeningSocket } from '../../lib/lifecycle/listening-socket';
import { STOP_SIGNALS } from '../../lib/platform/signals';
import type { RunningWorker } from '../worker/main';
import { StartFailure } from './start-failure';
import { TAKES_OVER, type FromSuccessor, type SocketName, type TakesOver, type ToSuccessor } from './handover-messages';

/**
 * Of a terminal or of systemd, which reach all processes: while there is a main one, it decides
 * what they mean.
 */
const IGNORED: readonly string[] = [...STOP_SIGNALS, 'SIGUSR2'];

const STOPS = new Set<string>(STOP_SIGNALS.filter((name) => name !== 'SIGHUP'));

export interface Predecessor {
  takesOver: TakesOver;
  /** Signals as the main process passes them on. */
  signals: EventEmitter;
  /** Settles when the main process is gone. */
  gone: Promise<string>;
  /** To be called before this process says Hello to a controller. */
  attaching(): void;
  /** Says that this process serves; from now on the main one commands it. */
  serve(worker: RunningWorker): void;
  /** Drains and closes the worker, as is due. */
  stop(worker: RunningWorker, drainMs: number): Promise<void>;
  /** Lets the process end. */
  end(): void;
}

/**
 * Undefined for a process that was started otherwise. Takes the variable out of `env`. Throws when
 * the main process is gone already: nobody has asked for a worker of its own.
 */
export function predecessorOf(env: NodeJS.ProcessEnv): Predecessor | undefined {
  const text = env[TAKES_OVER];
  delete env[TAKES_OVER];
  if (text === undefined) return undefined;
  if (!process.connected) throw new StartFailure(`${TAKES_OVER}: the process that set this is gone; unset it`);
  const signals = new EventEmitter();
  const state = { serves: false, isHandedOver: false, isGone: false };
  for (const name of IGNORED) {
    // One that drains goes on to its deadline without the main process, unless somebody is in a
    // hurry.
    process.on(name, () => void (state.isGone && STOPS.has(name) && signals.emit(name, name)));
  }
  const gone = new Promise<string>((resolve) => {
    process.once('disconnect', () => {
      state.isGone = true;
      // Nobody would stop it.
      if (!state.serves) process.exit(1);
      resolve('the main process of this worker is gone');
    });
  });
  return {
    takesOver: JSON.parse(text) as TakesOver,
    signals,
    gone,
    attaching: () => tell({ type: 'attaching' }),
    serve(worker) {
      const sockets = worker.sockets();
      for (const name of ['proxy', 'ops'] satisfies SocketName[]) tell({ type: 'socket', name }, sockets[name]);
      process.on('message', (message: ToSuccessor) => {
        if (message.type === 'handed over') state.isHandedOver = true;
        obey(message, worker, signals);
      });
      state.serves = true;
      tell({ type: 'ready', bootId: worker.bootId });
    },
    async stop(worker, drainMs) {
      if (state.isHandedOver) await worker.handOver(drainMs);
      else if (!state.isGone) await worker.drain(drainMs);
      else return worker.letGo();
      await worker.close();
    },
    end() {
      state.serves = true;
      if (process.connected) process.disconnect();
    },
  };
}

function obey(message: ToSuccessor, worker: RunningWorker, signals: EventEmitter): void {
  switch (message.type) {
    case 'signal':
      return void signals.emit(message.name, message.name);
    case 'handed over':
      return void signals.emit('SIGTERM', 'SIGTERM');
    case 'go on':
      return worker.goOn();
    case 'process ended':
      return worker.processEnded(message.bootId);
    default:
      // Of a later release.
      return;
  }
}

function tell(message: FromSuccessor, socket?: ListeningSocket): void {
  if (message.type === 'socket' && socket === undefined) return;
  // The main process may end at any time; then this one is told.
  if (process.connected) process.send!(message, socket as unknown as SendHandle, undefined, () => undefined);
}
