/**
 * Dials workers in the given order. Each is dialed a moment after the one before, or as soon as
 * that one has failed. The first TLS handshake that completes is used and the others are dropped
 * (as in RFC 8305). An unused handshake costs a worker little more than a signature. A silent
 * worker delays a connection only by that moment.
 */
import { setMaxListeners } from 'node:events';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../../lib/clock/clock';

/** Head start of a worker over the next one: some round trips and a handshake at a busy worker. */
const HEAD_START_MS = 500;

/** An established transport, and host:port of its worker. */
export interface Dialed {
  socket: TLSSocket;
  worker: string;
}

export interface DialRaceOptions {
  /** In the order in which they are dialed; not empty. */
  workers: readonly string[];
  /** Rejects with the reason, also when the signal aborts. */
  dial(worker: string, signal: AbortSignal): Promise<TLSSocket>;
  clock: Clock;
  /** Gives everything up. */
  signal: AbortSignal;
}

/** Every worker has failed: the errors by worker, in the order of the failures. */
export type DialErrors = ReadonlyMap<string, NodeJS.ErrnoException>;

export class DialRace {
  private readonly over = new AbortController();
  private readonly errors = new Map<string, NodeJS.ErrnoException>();
  private started = 0;
  private cancelNext: () => void = () => undefined;
  private readonly result: Promise<Dialed | DialErrors>;
  private resolve: (result: Dialed | DialErrors) => void = () => undefined;

  constructor(private readonly options: DialRaceOptions) {
    // One for each dial under way, however many those are; the default limit would print a warning.
    setMaxListeners(0, this.over.signal);
    this.result = new Promise((resolve) => (this.resolve = resolve));
  }

  run(): Promise<Dialed | DialErrors> {
    this.options.signal.addEventListener('abort', this.stop);
    if (this.options.signal.aborted) this.stop();
    this.next();
    return this.result;
  }

  /** Ends the dials under way; each then fails. */
  private readonly stop = (): void => {
    this.cancelNext();
    this.options.signal.removeEventListener('abort', this.stop);
    this.over.abort();
  };

  private next(): void {
    this.cancelNext();
    const worker = this.options.workers[this.started];
    if (worker === undefined) return;
    this.started++;
    this.cancelNext = this.options.clock.after(HEAD_START_MS, () => this.next());
    this.options.dial(worker, this.over.signal).then(
      (socket) => this.won(worker, socket),
      (error: Error) => this.lost(worker, error),
    );
  }

  private won(worker: string, socket: TLSSocket): void {
    // When two complete in one turn of the event loop, the second is not needed. After an abort
    // none is.
    if (this.over.signal.aborted) {
      socket.on('error', () => undefined).destroy();
      return this.lost(worker, new Error('given up'));
    }
    this.stop();
    this.resolve({ socket, worker });
  }

  private lost(worker: string, error: Error): void {
    this.errors.set(worker, error);
    if (!this.over.signal.aborted) this.next();
    if (this.errors.size < this.started) return;
    this.stop();
    this.resolve(this.errors);
  }
}
