/**
 * Sends the closes of the spool over a stream, some at a time. More follow as controllers
 * acknowledge them. The end of an earlier process is reported behind the closes that it left.
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

  /** Called when a stream begins: sends all closes that are not acknowledged. */
  begin(): void {
    this.sentUpTo = 0n;
    // The Hello of this stream no longer names these processes.
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

  /** Reports that a process has ended, once the closes up to `after` are sent. */
  processEnded(bootId: string, after: bigint): void {
    this.ends.push({ bootId, after });
    this.goOn();
  }
}
