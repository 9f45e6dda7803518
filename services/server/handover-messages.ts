/**
 * Messages between the main process of a worker and the processes that have taken over, over Node's
 * own channel. There are few of them, because the two processes may be of different releases.
 */
import type { TakeOver } from '../worker/config';

/** Environment variable that tells a process to take over; its value is JSON. */
export const TAKES_OVER = 'SALLYPORT_TAKES_OVER';

/** Value of {@link TAKES_OVER}. */
export type TakesOver = TakeOver;

export type ToSuccessor =
  /**
   * To be handled as if this process had received the signal. Signals of a terminal or of systemd
   * reach all processes, and count once.
   */
  | { type: 'signal'; name: 'SIGTERM' | 'SIGHUP' }
  /** A later process serves: drain and end. */
  | { type: 'handed over' }
  /** The later process did not get ready: the present one goes on serving. */
  | { type: 'go on' }
  | { type: 'process ended'; bootId: string };

export type FromSuccessor =
  /** From now on a controller may see this process as the worker. */
  | { type: 'attaching' }
  /** Comes with the socket, which the main process keeps for the next one. */
  | { type: 'socket'; name: SocketName }
  /** It accepts. */
  | { type: 'ready'; bootId: string };

/** As in LISTEN_FDNAMES. */
export type SocketName = 'proxy' | 'ops';
