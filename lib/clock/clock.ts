/** Time as a dependency, so that tests and simulations own it. */
export interface Clock {
  now(): Date;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back every `ms`, at least every 24.8 days, until canceled. */
  every(ms: number, callback: () => void): () => void;
}

/** Node fires timers beyond this (24.8 days) at once; longer waits are made of several. */
const MAX_TIMEOUT_MS = 0x7fffffff;

export const systemClock: Clock = {
  now: () => new Date(),
  after(ms, callback) {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      if (left > MAX_TIMEOUT_MS) timer = setTimeout(() => wait(left - MAX_TIMEOUT_MS), MAX_TIMEOUT_MS);
      else timer = setTimeout(callback, Math.max(left, 0));
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
  every(ms, callback) {
    const timer = setInterval(callback, Math.min(ms, MAX_TIMEOUT_MS));
    return () => clearInterval(timer);
  },
};
