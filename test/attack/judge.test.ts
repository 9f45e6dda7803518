import type { Phase, Sample } from './honest';
import { judge, percentile, type Observed } from './judge';

const calls = (phase: Phase, ...times: number[]): Sample[] =>
  times.map((ms) => ({ operation: 'list', phase, ms }) as const);
const calm = { stallMs: 20, rssMiB: 150 };
const observed = (more: Partial<Observed>): Observed => ({
  name: 'an attack',
  class: 'time',
  strain: { controller: calm, worker: calm },
  samples: [...calls('before', 10, 10), ...calls('during', 20, 40), ...calls('after', 10)],
  findings: [],
  tally: {},
  seconds: 1,
  ...more,
});
const strained = (more: Partial<typeof calm>) => ({ controller: { ...calm, ...more }, worker: calm });

test('percentiles are values that were measured', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99)]).toEqual([50, 99, 7]);
  expect(percentile([], 0.5)).toBeNaN();
});

test('ratios are those of medians and 99th percentiles, a small base counts as 5 ms', () => {
  expect(judge(observed({})).operations.list?.ratios).toEqual({
    during: { p50: 2, p99: 4 },
    after: { p50: 1, p99: 1 },
  });
  const samples = [...calls('before', 1), ...calls('during', 50), ...calls('after', 1)];
  expect(judge(observed({ samples })).operations.list?.ratios.during).toEqual({ p50: 10, p99: 10 });
});

test('an attack meets the aim, misses it, or fails above ten times the aim', () => {
  const verdict = (more: Partial<Observed>): string => judge(observed(more)).verdict;
  expect(verdict({})).toBe('aim met');
  expect(verdict({ strain: strained({ stallMs: 51 }) })).toBe('aim missed');
  expect(verdict({ strain: strained({ stallMs: 501 }) })).toBe('failed');
  expect(verdict({ strain: strained({ rssMiB: 2_500 }) })).toBe('aim missed');
  expect(verdict({ strain: strained({ rssMiB: 2_501 }) })).toBe('failed');
  expect(verdict({ samples: [...calls('before', 10), ...calls('during', 10, 1_000)] })).toBe('aim missed');
  expect(verdict({ samples: [...calls('before', 10), ...calls('during', 10, 1_001)] })).toBe('failed');
});

test('honest calls that fail, broken findings and a broken deployment fail an attack, with the reason', () => {
  const refused: Sample = { operation: 'list', phase: 'during', ms: 1, error: '429' };
  const result = judge(observed({ samples: [...calls('before', 10), refused] }));
  expect(result).toMatchObject({ verdict: 'failed', reasons: ['1 of 1 list during failed'], errors: ['list: 429'] });
  expect(judge(observed({ findings: [{ note: 'cut off', isBroken: true }] })).reasons).toEqual(['cut off']);
  expect(judge(observed({ problem: 'the worker ended' })).reasons).toEqual(['the worker ended']);
});
