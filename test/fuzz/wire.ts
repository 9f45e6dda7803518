/**
 * Sockets in memory, and a clock that stands still: what a target needs to feed bytes to a
 * protocol.
 */
import { Duplex } from 'node:stream';
import type { Clock } from '../../lib/clock/clock';

/** Nothing ever comes due. */
export const STILL: Clock = { now: () => new Date(1_700_000_000_000), after: () => () => {}, every: () => () => {} };

/** One end of a connection: the test feeds it and reads what was written to it. */
export class Wire extends Duplex {
  readonly written: Buffer[] = [];
  readonly remoteAddress = '192.0.2.1';
  readonly remotePort = 40_000;
  private wants: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
    this.on('error', () => undefined);
  }

  override _read(): void {
    this.wants?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(Buffer.from(chunk));
    done();
  }

  override _final(done: () => void): void {
    done();
  }

  setKeepAlive = (): this => this;
  setNoDelay = (): this => this;
  setTimeout = (): this => this;
  ref = (): this => this;
  unref = (): this => this;
  resetAndDestroy(): void {
    this.destroy();
  }

  /** Feeds the parts, each with a turn of the event loop behind it when `turns`. */
  async feed(parts: readonly Buffer[], turns = false): Promise<void> {
    for (const part of parts) {
      if (this.destroyed) return;
      this.push(Buffer.from(part));
      if (turns) await turn();
    }
    await turn();
  }

  get sent(): Buffer {
    return Buffer.concat(this.written);
  }
}

/** Everything that was due has run. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
