/** A simulated process: its clock, its timers, and whether it lives or stands still. */
import type { Clock } from '../../lib/clock/clock';
import type { Random } from './random';
import type { Scheduler } from './scheduler';

/** Virtual time 0. */
export const BEGIN = Date.parse('2026-03-04T05:06:07.000Z');
/** How late a busy process calls back, ms. */
const MAX_LATENESS_MS = 3;

export class Process {
  isAlive = true;
  /** Virtual time until which it is stopped, as by SIGSTOP. */
  stoppedUntil = 0;
  readonly clock: Clock;

  constructor(
    readonly name: string,
    readonly scheduler: Scheduler,
    readonly random: Random,
    /** Its clock minus the true time, ms. */
    readonly skewMs: number,
  ) {
    this.clock = {
      now: () => new Date(BEGIN + Math.floor(scheduler.now) + skewMs),
      after: (ms, callback) => this.later(ms + random.between(0, MAX_LATENESS_MS), `${name} timer`, callback),
      every: (ms, callback) => this.repeat(ms, callback),
    };
  }

  /**
   * An event of this process: never once it is dead, and only when it goes on while it is stopped.
   */
  later(delayMs: number, what: string, run: () => void | Promise<void>): () => void {
    let cancel = (): void => undefined;
    const fire = (): void | Promise<void> => {
      if (!this.isAlive) return;
      if (this.stoppedUntil <= this.scheduler.now) return run();
      cancel = this.scheduler.at(this.stoppedUntil - this.scheduler.now, what, fire);
    };
    cancel = this.scheduler.at(delayMs, what, fire);
    return () => cancel();
  }

  stop(ms: number): void {
    this.stoppedUntil = Math.max(this.stoppedUntil, this.scheduler.now + ms);
  }

  kill(): void {
    this.isAlive = false;
  }

  private repeat(ms: number, callback: () => void): () => void {
    let isOver = false;
    let cancel = (): void => undefined;
    const next = (): void => {
      cancel = this.clock.after(ms, () => {
        if (isOver) return;
        callback();
        // The callback may have ended it.
        if (!isOver) next();
      });
    };
    next();
    return () => {
      isOver = true;
      cancel();
    };
  }
}
