/**
 * The time of tests: it stands still, or goes on by a step at every look, and is set forward.
 * Timers are the system's.
 */
import { systemClock, type Clock } from '../../lib/clock/clock';

export class TestClock implements Clock {
  private ms: number;

  /** With a step, what is made later has the later time. */
  constructor(
    start: Date = new Date('2030-01-02T03:04:05Z'),
    private readonly stepMs = 0,
  ) {
    this.ms = start.getTime();
  }

  now = (): Date => {
    const time = new Date(this.ms);
    this.ms += this.stepMs;
    return time;
  };
  forward(ms: number): void {
    this.ms += ms;
  }
  after = systemClock.after;
  every = systemClock.every;
}

/** Time and timers move when told to; nothing repeats. */
export class ManualClock implements Clock {
  private ms = 0;
  private timers: { at: number; callback: () => void }[] = [];
  now = (): Date => new Date(this.ms);
  every = () => (): void => undefined;
  after = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.ms + ms, callback };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((other) => other !== timer));
  };
  /** Timers that have not fired. */
  get waiting(): number {
    return this.timers.length;
  }
  forward(ms: number): void {
    this.ms += ms;
    const due = this.timers.filter(({ at }) => at <= this.ms);
    this.timers = this.timers.filter(({ at }) => at > this.ms);
    for (const { callback } of due) callback();
  }
}
