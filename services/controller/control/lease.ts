/**
 * The lease of a controller: the row that shows the others that it lives, renewed by timer. With it
 * go the attachments of the streams held here, so that one that got lost is put back, and the
 * measurement of the database's clock.
 *
 * Nobody is taken for dead by somebody who was not there to see it: leases of others count as
 * expired only for a controller that has renewed its own all the while that a lease lasts. After an
 * outage of the database, a stop of this process or a jump of the time, everybody on record counts
 * as alive until then.
 */
import type { Clock } from '../../../lib/clock/clock';
import type { Measured } from '../../../lib/clock/steered-clock';
import type { Logger } from '../../../lib/log/log';
import type { Executor } from '../db/db';
import * as store from './control.store';

const LEASE_RENEWAL_MS = 5_000;
/**
 * A controller that has not renewed for so long counts as gone, and its workers as not attached.
 */
export const LEASE_MS = 15_000;
/** Longest time from one renewal to the next in which this controller counts as watching. */
const LONGEST_PAUSE_MS = 2 * LEASE_RENEWAL_MS;

/** Asks the database; what it says of the time corrects the clock. */
export type Measure = <T extends { time: Date }>(ask: () => Promise<T>) => Promise<T & Pick<Measured, 'stepMs'>>;

export interface LeaseDeps {
  on: Executor;
  clock: Clock;
  log: Logger;
  measure: Measure;
  controllerId: string;
  name: string;
  /** Ids of the attachments held here. */
  live(): string[];
  /** Those of them that are on record. */
  recorded(): store.Held[];
  /** Other streams took the place of these. */
  lost(attachmentIds: string[]): void;
}

export class Lease {
  private running: Promise<void> | undefined;
  /**
   * Times of the clock, ms: since when renewals have come without a break, and the last renewal.
   * Undefined while they fail.
   */
  private watch: { since: number; last: number } | undefined;
  private stopTimer: () => void = () => undefined;

  private constructor(private readonly deps: LeaseDeps) {}

  static async start(deps: LeaseDeps): Promise<Lease> {
    const lease = new Lease(deps);
    await lease.renew();
    lease.stopTimer = deps.clock.every(LEASE_RENEWAL_MS, () => void lease.renewAtItsTime());
    return lease;
  }

  /** Leases that end before this are expired; undefined: all on record count as alive. */
  expiredBefore(): Date | undefined {
    const now = this.deps.clock.now();
    if (this.isOverdue(now.getTime())) return undefined;
    return now.getTime() - this.watch!.since >= LEASE_MS ? now : undefined;
  }

  /**
   * Makes sure that this controller and what it holds is on record; costs nothing while all is
   * well.
   */
  async ensure(): Promise<void> {
    if (!this.isOverdue(this.deps.clock.now().getTime())) return;
    // The renewal under way may have begun while the database was away.
    await this.renew().catch(() => this.renew());
  }

  async stop(): Promise<void> {
    this.stopTimer();
    await this.running?.catch(() => undefined);
  }

  async giveBack(): Promise<void> {
    const { on, controllerId, clock, log } = this.deps;
    await store
      .removeController(on, controllerId, clock.now())
      .catch((error: unknown) => log.warn({ err: error }, 'the lease of this controller could not be given back'));
  }

  private isOverdue(now: number): boolean {
    if (this.watch === undefined) return true;
    const pause = now - this.watch.last;
    return pause < 0 || pause > LONGEST_PAUSE_MS;
  }

  private renewAtItsTime(): Promise<void> {
    return this.renew().catch((error: unknown) =>
      this.deps.log.warn({ err: error }, 'the lease of this controller could not be renewed'),
    );
  }

  /** One at a time; who comes meanwhile shares it. */
  private renew(): Promise<void> {
    this.running ??= this.renewNow()
      .catch((error: unknown) => {
        this.watch = undefined;
        throw error;
      })
      .finally(() => (this.running = undefined));
    return this.running;
  }

  private async renewNow(): Promise<void> {
    // The time was moved, so the lease is written once more, in the new time.
    if ((await this.write()) !== 0) {
      this.watch = undefined;
      await this.write();
    }
    const { on, clock, controllerId } = this.deps;
    await store.forgetStale(on, controllerId, this.deps.live(), clock.now());
    const recorded = this.deps.recorded();
    if (recorded.length > 0) this.deps.lost(await store.putBack(on, controllerId, recorded));
    const now = clock.now().getTime();
    if (this.isOverdue(now)) this.watch = { since: now, last: now };
    else this.watch!.last = now;
  }

  /** Answers how far the time was moved by what the database said, ms. */
  private async write(): Promise<number> {
    const { on, clock, controllerId, name, measure } = this.deps;
    const { stepMs } = await measure(() => {
      const now = clock.now();
      const expiration = new Date(now.getTime() + LEASE_MS);
      return store.renewLease(on, { controllerId, name, now, expiration });
    });
    return stepMs;
  }
}
