import { systemClock } from './clock';

const DAY_MS = 24 * 60 * 60_000;

describe('a wait beyond what one timer of Node can hold', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('ends neither early nor late', () => {
    const called = jest.fn();
    systemClock.after(60 * DAY_MS, called);
    jest.advanceTimersByTime(60 * DAY_MS - 1);
    expect(called).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(called).toHaveBeenCalledTimes(1);
  });

  test('can be canceled in each of its parts', () => {
    const called = jest.fn();
    const cancel = systemClock.after(60 * DAY_MS, called);
    jest.advanceTimersByTime(50 * DAY_MS);
    cancel();
    jest.advanceTimersByTime(60 * DAY_MS);
    expect(called).not.toHaveBeenCalled();
  });

  test('repeats with the longest pause there is, not at once', () => {
    const called = jest.fn();
    const cancel = systemClock.every(0xffff_ffff * 1_000, called);
    jest.advanceTimersByTime(24 * DAY_MS);
    expect(called).not.toHaveBeenCalled();
    cancel();
  });
});
