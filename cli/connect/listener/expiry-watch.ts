/**
 * Tells when a session expires, as far as the client can know. Clocks of client and controller may
 * differ by minutes, so only lengths of time are used: first the one between the times in the
 * authorization token, then what a worker says is left.
 */
import type { Clock } from '../../../lib/clock/clock';
import type { SessionAuthorizationData } from '../../../lib/transport/authorization-token';

/**
 * How long before the end a person is warned, ms. When less is left at the start, the warning comes
 * at half of it.
 */
const WARNING_MS = 5 * 60_000;
/** How far two statements of the time left may differ before the timers are set anew, ms. */
const TOLERANCE_MS = 1_000;

/** Time between a session's making and its end: what is left of it at most. */
export function lifetimeOf({ created_time, expiration }: SessionAuthorizationData): number {
  return Math.max(0, (expiration?.getTime() ?? 0) - (created_time?.getTime() ?? 0));
}

export class ExpiryWatch {
  private end = 0;
  private hasWarned = false;
  private cancelWarning: () => void = () => undefined;
  private cancelEnd: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly on: { warn(leftMs: number): void; expired(): void },
  ) {}

  /** The session lives this much longer. */
  set(leftMs: number): void {
    const end = this.clock.now().getTime() + leftMs;
    if (Math.abs(end - this.end) < TOLERANCE_MS) return;
    this.end = end;
    this.watchEnd();
    this.watchWarning(leftMs);
  }

  stop(): void {
    this.cancelEnd();
    this.cancelWarning();
  }

  /** Timers are bounded, so each firing looks at the clock again. */
  private watchEnd(): void {
    this.cancelEnd();
    const left = this.end - this.clock.now().getTime();
    if (left <= 0) this.on.expired();
    else this.cancelEnd = this.clock.after(left, () => this.watchEnd());
  }

  private watchWarning(leftMs: number): void {
    this.cancelWarning();
    if (this.hasWarned) return;
    const at = this.end - (leftMs > WARNING_MS ? WARNING_MS : leftMs / 2);
    const look = (): void => {
      const now = this.clock.now().getTime();
      if (now < at) this.cancelWarning = this.clock.after(at - now, look);
      else this.warn(this.end - now);
    };
    look();
  }

  private warn(leftMs: number): void {
    this.hasWarned = true;
    this.on.warn(leftMs);
  }
}

/** Length of time in words for a person. */
export function inWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  const minutes = Math.round(seconds / 60);
  if (seconds < 120) return `${seconds} second${seconds === 1 ? '' : 's'}`;
  return `${minutes} minutes`;
}
