/**
 * Closes of a data process that its control process has not made safe yet. While there is no
 * control process they also go to a spool in the worker's directory, where the next one finds them
 * should this process be gone by then.
 */
import type { Clock } from '../../../lib/clock/clock';
import type { Logger } from '../../../lib/log/log';
import type { ConnectionClosed } from '../../../proto/gen/worker/control';
import { CloseSpool } from '../control/close-spool';

export class UnacknowledgedCloses {
  private readonly pending = new Map<bigint, ConnectionClosed>();
  private next = 1n;
  private spool: CloseSpool | undefined;

  constructor(
    private readonly directory: string,
    /** Letters and digits. */
    private readonly name: string,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  get size(): number {
    return this.pending.size;
  }

  all(): Iterable<ConnectionClosed> {
    return this.pending.values();
  }

  add(close: Omit<ConnectionClosed, 'sequence'>): ConnectionClosed {
    const numbered = { ...close, sequence: this.next++ };
    this.pending.set(numbered.sequence, numbered);
    this.spool?.add(close);
    return numbered;
  }

  /** All up to `sequence` are safe at the control process. */
  acknowledge(sequence: bigint): void {
    for (const known of this.pending.keys()) {
      if (known > sequence) break;
      this.pending.delete(known);
    }
  }

  /** There is no control process: puts on disk what is left and what comes. */
  toDisk(): void {
    if (this.spool !== undefined) return;
    try {
      this.spool = new CloseSpool(this.directory, this.clock, this.log, this.name);
      for (const close of this.pending.values()) this.spool.add(close);
    } catch (error) {
      this.log.error({ err: error }, 'closed connections are kept in memory only');
    }
  }

  /** A control process is there again, and is told all of it. */
  offDisk(): void {
    this.spool?.discard();
    this.spool = undefined;
  }

  /** Writes what is left on disk, if this was begun. */
  close(): void {
    this.spool?.close();
    this.spool = undefined;
  }
}
