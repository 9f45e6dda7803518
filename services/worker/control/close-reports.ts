/**
 * Sends closes of the spool over a stream, a part of them at a time: the rest follows as controllers acknowledge them.
 * That an earlier process has ended is told behind the closes that it left.
 */
import { limit } from '../../../lib/limits/limit';
import type { CloseSpool } from './close-spool';
import type { Outgoing } from './control-stream';

const WINDOW = limit('unacknowledged closes on a stream', 200, {
  what: 'closed connections that a worker sends before a controller has acknowledged the first of them',
  unit: 'closes',
  reached: 'further ones follow as those are acknowledged',
  test: 'services/worker/control/control-client.test.ts: closes are sent a part at a time',
});

export class CloseReports {
  /** Sequence of the last one that was sent on this stream. */
  private sentUpTo = 0n;
  private ends: { bootId: string; after: bigint }[] = [];

  constructor(
    private readonly spool: CloseSpool,
    private readonly send: (message: Outgoing) => void,
  ) {}

  /** A stream has begun: sends all that is not acknowledged. */
  begin(): void {
    this.sentUpTo = 0n;
    // The Hello of this stream does not name them any more.
    this.ends = [];
    this.goOn();
  }

  /** Sends what there is room for. */
  goOn(): void {
    let count = 0;
    for (const close of this.spool.pending()) {
      if (count++ >= WINDOW) break;
      if (close.sequence <= this.sentUpTo) continue;
      this.sentUpTo = close.sequence;
      this.send({ $case: 'connection_closed', value: close });
    }
    for (const { bootId, after } of this.ends.splice(0)) {
      if (after <= this.sentUpTo) this.send({ $case: 'process_ended', value: { boot_id: bootId } });
      else this.ends.push({ bootId, after });
    }
  }

  /** Tells that a process has ended once the closes up to `after` are sent. */
  processEnded(bootId: string, after: bigint): void {
    this.ends.push({ bootId, after });
    this.goOn();
  }
}
