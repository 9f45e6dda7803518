/**
 * What the main process of a worker and the processes that took over tell each other, over Node's own channel. Kept this
 * small because the two may be of different releases.
 */
import type { TakeOver } from '../worker/config';

/** Environment variable that tells a process to take over; its value is JSON. */
export const TAKES_OVER = 'SALLYPORT_TAKES_OVER';

/** Value of {@link TAKES_OVER}. */
export type TakesOver = TakeOver;

export type ToSuccessor =
  /** As if this process had got the signal: signals of a terminal or of systemd reach all processes, and count once. */
  | { type: 'signal'; name: 'SIGTERM' | 'SIGHUP' }
  /** A later process serves: drain and end. */
  | { type: 'handed over' }
  /** The later process did not get ready: serve as before. */
  | { type: 'go on' }
  | { type: 'process ended'; bootId: string };

export type FromSuccessor =
  /** A controller may see this process as the worker from now on. */
  | { type: 'attaching' }
  /** Comes with the socket, which the main process keeps for the next one. */
  | { type: 'socket'; name: SocketName }
  /** It accepts. */
  | { type: 'ready'; bootId: string };

/** As in LISTEN_FDNAMES. */
export type SocketName = 'proxy' | 'ops';
