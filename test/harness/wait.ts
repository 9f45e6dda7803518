/** Waiting on conditions instead of time. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  timeoutMs?: number;
  /** What to tell when the wait fails. */
  status?: () => string;
}

/**
 * Pauses grow with the time already waited: a slow machine needs longer for the answer, and must
 * not spend the request rate of the API (150 lists of a token in 30 s) on questions.
 */
const FIRST_PAUSE_MS = 20;
const LAST_PAUSE_MS = 1_000;

/** Polls until `probe` answers something; fails with the last status after the timeout. */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions = {},
): Promise<T> {
  const start = Date.now();
  const end = start + (options.timeoutMs ?? 20_000);
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`gave up waiting for ${what}\n${options.status?.() ?? ''}`);
    await sleep(Math.min(Math.max((Date.now() - start) / 10, FIRST_PAUSE_MS), LAST_PAUSE_MS));
  }
}
