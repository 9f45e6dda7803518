/** Waiting on conditions instead of time. */
export interface WaitOptions {
  timeoutMs?: number;
  /** What to tell when the wait fails. */
  status?: () => string;
}

/** Polls until `probe` answers something; fails with the last status after the timeout. */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions = {},
): Promise<T> {
  const end = Date.now() + (options.timeoutMs ?? 20_000);
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`gave up waiting for ${what}\n${options.status?.() ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
