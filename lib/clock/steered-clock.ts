/**
 * A clock that follows a remote one. It measures the remote time now and then, and goes on by the
 * monotonic clock of this machine in between. Its users therefore do not notice when the time of
 * this machine is set.
 */
import { systemClock, type Clock } from './clock';

/**
 * A correction beyond this is a step: the other clock was set, or this machine stood still. Smaller
 * ones are drift, ms.
 */
const STEP_MS = 1_000;
/** The other clock's time comes in whole milliseconds, rounded down. */
const RESOLUTION_MS = 1;

export interface SteeredClockOptions {
  /**
   * Used for timers, and for the time until the first measurement. The machine's clock when absent.
   */
  local?: Clock;
  /** A time that never goes back and that nobody sets, ms since an unknown moment. */
  monotonicMs?: () => number;
}

/** What a measurement came to. */
export interface Measured {
  /** How far the time was moved at once, ms; 0 when only drift was corrected, or nothing. */
  stepMs: number;
  /** The other clock minus the local one, ms. */
  localOffMs: number;
}

export class SteeredClock implements Clock {
  private readonly local: Clock;
  private readonly monotonicMs: () => number;
  /** The other clock minus the monotonic one, ms. */
  private offsetMs: number;
  private lastMs = 0;
  private wasMeasured = false;

  constructor({ local = systemClock, monotonicMs = () => performance.now() }: SteeredClockOptions = {}) {
    this.local = local;
    this.monotonicMs = monotonicMs;
    this.offsetMs = local.now().getTime() - monotonicMs();
  }

  /** Does not go back, but for a step. */
  now(): Date {
    this.lastMs = Math.max(this.lastMs, Math.floor(this.monotonicMs() + this.offsetMs));
    return new Date(this.lastMs);
  }

  after(ms: number, callback: () => void): () => void {
    return this.local.after(ms, callback);
  }

  every(ms: number, callback: () => void): () => void {
    return this.local.every(ms, callback);
  }

  /**
   * Asks for the other clock's time, which must be read after the question was sent and before the
   * answer came. An answer that agrees with the present estimate changes nothing, so slow answers
   * do no harm.
   */
  async measure<T extends { time: Date }>(ask: () => Promise<T>): Promise<T & Measured> {
    const sent = this.monotonicMs();
    const answer = await ask();
    const received = this.monotonicMs();
    const stepMs = this.learn(answer.time.getTime(), sent, received);
    return { ...answer, stepMs, localOffMs: this.monotonicMs() + this.offsetMs - this.local.now().getTime() };
  }

  private learn(timeMs: number, sent: number, received: number): number {
    const [least, most] = [timeMs - received, timeMs + RESOLUTION_MS - sent];
    if (this.offsetMs >= least && this.offsetMs <= most) return this.settle(0);
    const correction = (least + most) / 2 - this.offsetMs;
    this.offsetMs += correction;
    return this.settle(correction);
  }

  private settle(correction: number): number {
    const isStep = this.wasMeasured && Math.abs(correction) > STEP_MS;
    // The time goes back only when the other clock was set back: all readers of that clock must
    // agree.
    if (isStep || !this.wasMeasured) this.lastMs = 0;
    this.wasMeasured = true;
    return isStep ? correction : 0;
  }
}
