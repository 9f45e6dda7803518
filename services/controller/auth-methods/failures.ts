/** What is remembered of wrong passwords, in bounded memory. */
import type { Clock } from '../../../lib/clock/clock';

/** Entries by key; the one that was set longest ago is forgotten first. */
class Recent<T> {
  private readonly entries = new Map<string, T>();

  constructor(private readonly max: number) {}

  get(key: string): T | undefined {
    return this.entries.get(key);
  }

  set(key: string, entry: T): void {
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size <= this.max) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}

export interface BackOffOptions {
  /** Failures in a row that cost nothing. */
  free: number;
  /** First wait after them, ms; doubles with each further failure. */
  firstMs: number;
  longestMs: number;
  /** Keys that are remembered. */
  remembered: number;
}

/** Waits that grow with the failures in a row of a key; success forgets them. */
export class BackOff {
  private readonly failures: Recent<{ inARow: number; notBefore: number }>;

  constructor(
    private readonly options: BackOffOptions,
    private readonly clock: Clock,
  ) {
    this.failures = new Recent(options.remembered);
  }

  /** Until the key may try again, ms. */
  waitMs(key: string): number {
    return Math.max(0, (this.failures.get(key)?.notBefore ?? 0) - this.clock.now().getTime());
  }

  /** Whether the key has more failures than are free. */
  isSlow(key: string): boolean {
    return (this.failures.get(key)?.inARow ?? 0) >= this.options.free;
  }

  fail(key: string): void {
    const { free, firstMs, longestMs } = this.options;
    const inARow = (this.failures.get(key)?.inARow ?? 0) + 1;
    const wait = inARow < free ? 0 : Math.min(firstMs * 2 ** Math.min(inARow - free, 16), longestMs);
    this.failures.set(key, { inARow, notBefore: this.clock.now().getTime() + wait });
  }

  succeed(key: string): void {
    this.failures.delete(key);
  }
}

export interface BudgetOptions {
  /** Failures that a key has at once. */
  burst: number;
  /** Time after which one more is allowed, ms. */
  everyMs: number;
  /** Keys that are remembered. */
  remembered: number;
}

/** Allows a number of failures per time. Successes in between do not count. */
export class Budget {
  /** When the whole budget will be there again, ms since the epoch. */
  private readonly wholeAt: Recent<number>;

  constructor(
    private readonly options: BudgetOptions,
    private readonly clock: Clock,
  ) {
    this.wholeAt = new Recent(options.remembered);
  }

  /** Until the key may fail again, ms. */
  waitMs(key: string): number {
    const { burst, everyMs } = this.options;
    return Math.max(0, (this.wholeAt.get(key) ?? 0) - this.clock.now().getTime() - (burst - 1) * everyMs);
  }

  spend(key: string): void {
    const now = this.clock.now().getTime();
    this.wholeAt.set(key, Math.max(this.wholeAt.get(key) ?? 0, now) + this.options.everyMs);
  }
}
