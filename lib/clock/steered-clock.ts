/**
 * A clock that follows another one, far away: its time is measured now and then, and goes on by the
 * monotonic clock of this machine in between. However often the time of this machine is set, nobody
 * who asks here notices.
 */
import { systemClock, type Clock } from './clock';

/**
 * A correction beyond this is a step: the other clock was set, or this machine stood still. Smaller
 * ones are drift, ms.
 */
const STEP_MS = 1_000;
/** The other clock's time comes in whole milliseconds, cut. */
const RESOLUTION_MS = 1;

export interface SteeredClockOptions {
  /** Timers, and the time until the first measurement; that of the machine when absent. */
  local?: Clock;
  /** Never goes back and is set by nobody, ms since whenever. */
  monotonicMs?: () => number;
}

/** What a measurement came to. */
export interface Measured {
  /** How far the time here was moved at once, ms; 0 when nothing was to be done but for drift. */
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
   * answer came. An answer that the time here agrees with changes nothing, so that slow answers do
   * no harm.
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
    // Back only where the other clock was set back: who shares it must agree with its other
    // readers.
    if (isStep || !this.wasMeasured) this.lastMs = 0;
    this.wasMeasured = true;
    return isStep ? correction : 0;
  }
}
