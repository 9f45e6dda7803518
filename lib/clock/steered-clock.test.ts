import { systemClock, type Clock } from './clock';
import { SteeredClock } from './steered-clock';

/** A machine and a far clock under control: all times in ms. */
class Bench {
  monotonic = 5_000;
  localOff = 0;
  far = Date.parse('2026-03-04T05:06:07.000Z');
  private readonly local: Clock = {
    ...systemClock,
    now: () => new Date(Date.parse('2026-03-04T05:06:07.000Z') + this.monotonic - 5_000 + this.localOff),
  };
  readonly clock: SteeredClock;

  constructor(localOff = 0) {
    this.localOff = localOff;
    this.clock = new SteeredClock({ local: this.local, monotonicMs: () => this.monotonic });
  }

  pass(ms: number): void {
    this.monotonic += ms;
    this.far += ms;
  }

  /** Reads the far clock; the question and the answer take so long. */
  measure(there = 1, back = 1) {
    return this.clock.measure(async () => {
      this.pass(there);
      const time = new Date(this.far);
      this.pass(back);
      return { time };
    });
  }

  /** How far the steered clock is ahead of the far one. */
  get aheadMs(): number {
    return this.clock.now().getTime() - this.far;
  }
}

test.each([-300_000, 300_000])('a machine that is off by %d ms has the time of the other clock', async (off) => {
  const bench = new Bench(off);
  expect(bench.aheadMs).toBe(off);
  expect(await bench.measure()).toMatchObject({ stepMs: 0 });
  expect(Math.abs(bench.aheadMs)).toBeLessThanOrEqual(2);
  bench.pass(3_600_000);
  expect(Math.abs(bench.aheadMs)).toBeLessThanOrEqual(2);
});

test('the local time may be set to anything: it is measured, not followed', async () => {
  const bench = new Bench();
  await bench.measure();
  bench.localOff = 86_400_000;
  expect(Math.abs(bench.aheadMs)).toBeLessThanOrEqual(2);
  const { stepMs, localOffMs } = await bench.measure();
  expect(stepMs).toBe(0);
  expect(Math.abs(localOffMs + 86_400_000)).toBeLessThanOrEqual(2);
});

test('a slow or lopsided answer changes nothing that a quick one has told', async () => {
  const bench = new Bench(60_000);
  await bench.measure();
  const before = bench.aheadMs;
  expect(await bench.measure(0, 9_000)).toMatchObject({ stepMs: 0 });
  expect(await bench.measure(9_000, 0)).toMatchObject({ stepMs: 0 });
  expect(bench.aheadMs).toBe(before);
});

test('drift is followed, and never backwards', async () => {
  const bench = new Bench();
  await bench.measure();
  let last = 0;
  for (let i = 0; i < 20; i++) {
    // This machine runs a tenth of a second fast in five.
    bench.monotonic += 100;
    bench.pass(5_000);
    const before = bench.clock.now().getTime();
    expect(before).toBeGreaterThanOrEqual(last);
    expect(await bench.measure()).toMatchObject({ stepMs: 0 });
    last = bench.clock.now().getTime();
    expect(last).toBeGreaterThanOrEqual(before);
  }
  bench.pass(1_000);
  expect(Math.abs(bench.aheadMs)).toBeLessThanOrEqual(2);
});

test.each([-3_600_000, 3_600_000])('the other clock is set by %d ms: followed at once, and told', async (jump) => {
  const bench = new Bench();
  await bench.measure();
  bench.far += jump;
  const { stepMs } = await bench.measure();
  expect(Math.abs(stepMs - jump)).toBeLessThanOrEqual(2);
  expect(Math.abs(bench.aheadMs)).toBeLessThanOrEqual(2);
  expect(await bench.measure()).toMatchObject({ stepMs: 0 });
});
