/** The time of tests. */
import { systemClock, type Clock } from './clock';

interface TestTime {
  /**
   * The time at the beginning, where it stands still; `system` is that of the machine, which goes
   * on.
   */
  start?: Date | 'system';
  /**
   * Every look at the time finds it later by this, so that what is made later has the later time.
   */
  stepMs?: number;
  /** Timers run so many times as fast; those that repeat do so 100 times a second at most. */
  pace?: number;
  /** Timers of this length do not run: they fire when the time is set forward, or when told to. */
  holds?: (ms: number) => boolean;
}

interface Timer {
  ms: number;
  at: number;
  callback: () => void;
  repeats: boolean;
}

export class TestClock implements Clock {
  private readonly startMs: number;
  private shownMs: number;
  /** Timers that have not fired, and those that repeat. */
  private readonly timers = new Set<Timer>();
  private readonly time: Required<TestTime>;

  constructor({ start = new Date('2030-01-02T03:04:05Z'), stepMs = 0, pace = 1, holds = () => false }: TestTime = {}) {
    this.time = { start, stepMs, pace, holds };
    this.startMs = start === 'system' ? 0 : start.getTime();
    this.shownMs = this.startMs;
  }

  readonly now = (): Date => {
    const time = new Date(this.nowMs());
    this.shownMs += this.time.stepMs;
    return time;
  };

  readonly after = (ms: number, callback: () => void): (() => void) => this.add(ms, callback, false);
  readonly every = (ms: number, callback: () => void): (() => void) => this.add(ms, callback, true);

  /** Lengths of the timers that have not fired, in ms, or those of one length. */
  waiting(ms?: number): number[] {
    return [...this.timers].map((timer) => timer.ms).filter((one) => ms === undefined || one === ms);
  }

  /** Sets the time forward; held timers that are due then fire once. */
  forward(ms: number): void {
    this.shownMs += ms;
    this.fireHeld((timer) => timer.at <= this.nowMs());
  }

  /** Sets the time to that of the beginning and so much more; no timer fires. */
  set(ms: number): void {
    this.shownMs = this.startMs + ms;
  }

  /** Fires every held timer, though the time stands still. */
  fire(): void {
    this.fireHeld(() => true);
  }

  private nowMs(): number {
    return this.shownMs + (this.time.start === 'system' ? Date.now() : 0);
  }

  private fireHeld(isDue: (timer: Timer) => boolean): void {
    for (const timer of [...this.timers].filter((one) => this.time.holds(one.ms) && isDue(one))) {
      if (!this.timers.has(timer)) continue;
      if (timer.repeats) timer.at = this.nowMs() + timer.ms;
      else this.timers.delete(timer);
      timer.callback();
    }
  }

  private add(ms: number, callback: () => void, repeats: boolean): () => void {
    const timer = { ms, at: this.nowMs() + ms, callback, repeats };
    this.timers.add(timer);
    const stop = this.time.holds(ms) ? () => undefined : this.start(timer);
    return () => {
      this.timers.delete(timer);
      stop();
    };
  }

  private start(timer: Timer): () => void {
    const ms = timer.ms / this.time.pace;
    if (timer.repeats) return systemClock.every(this.time.pace === 1 ? ms : Math.max(ms, 10), timer.callback);
    return systemClock.after(ms, () => {
      this.timers.delete(timer);
      timer.callback();
    });
  }
}

/** No timer runs by itself, and the time begins at 0. */
export const manualClock = (): TestClock => new TestClock({ start: new Date(0), holds: () => true });

/** The time of the machine, off by so much. */
export function clockOff(ms: number): TestClock {
  const clock = new TestClock({ start: 'system' });
  clock.set(ms);
  return clock;
}
