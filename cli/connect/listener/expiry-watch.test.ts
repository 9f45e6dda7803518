import { systemClock } from '../../../lib/clock/clock';
import { ExpiryWatch, inWords } from './expiry-watch';

const MINUTE_MS = 60_000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function watch(): { expiry: ExpiryWatch; said: string[] } {
  const said: string[] = [];
  const start = Date.now();
  const at = (): number => (Date.now() - start) / 1_000;
  const expiry = new ExpiryWatch(systemClock, {
    warn: (leftMs) => void said.push(`at ${at()} s: ${inWords(leftMs)}`),
    expired: () => void said.push(`at ${at()} s: expired`),
  });
  return { expiry, said };
}

test.each([
  ['8 hours', 480 * MINUTE_MS, ['at 28500 s: 5 minutes', 'at 28800 s: expired']],
  ['10 s more than the warning', 5 * MINUTE_MS + 10_000, ['at 10 s: 5 minutes', 'at 310 s: expired']],
  ['less than the warning', 4 * MINUTE_MS, ['at 120 s: 2 minutes', 'at 240 s: expired']],
])('a session of %s warns five minutes ahead, or at half of its life', (_, lifetimeMs, expected) => {
  const { expiry, said } = watch();
  expiry.set(lifetimeMs);
  jest.advanceTimersByTime(lifetimeMs);
  expect(said).toEqual(expected);
});

test('a worker that knows of less time moves both; the warning comes once', () => {
  const { expiry, said } = watch();
  expiry.set(60 * MINUTE_MS);
  jest.advanceTimersByTime(10_000);
  expiry.set(6 * MINUTE_MS);
  jest.advanceTimersByTime(MINUTE_MS);
  expiry.set(3 * MINUTE_MS);
  jest.advanceTimersByTime(3 * MINUTE_MS);
  expect(said).toEqual(['at 70 s: 5 minutes', 'at 250 s: expired']);
});

test('nothing is said after the end of the watch', () => {
  const { expiry, said } = watch();
  expiry.set(MINUTE_MS);
  expiry.stop();
  jest.advanceTimersByTime(2 * MINUTE_MS);
  expect(said).toEqual([]);
});
