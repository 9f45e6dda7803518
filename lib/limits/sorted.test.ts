import fc from 'fast-check';
import { sorted } from './sorted';
import { Work, WorkExceeded } from './work';

const free = () => new Work(Infinity, Infinity);
const byKey = (a: { key: number }, b: { key: number }): number => a.key - b.key;

test('sorts as the built-in sort does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 20 }), fc.nat(600), async (keys, times) => {
      const items = Array.from({ length: keys.length * times }, (_, i) => ({ key: keys[(i * 7) % keys.length]!, i }));
      expect(await sorted(items, byKey, free())).toEqual([...items].sort(byKey));
    }),
    { numRuns: 50 },
  );
});

test('pauses after each stretch, and ends beyond the limit', async () => {
  let pauses = 0;
  let comparisons = 0;
  let longest = 0;
  const work = new Work(Infinity, 1_000_000, () => {
    longest = Math.max(longest, comparisons);
    comparisons = 0;
    return Promise.resolve(void pauses++);
  });
  const items = Array.from({ length: 100_000 }, (_, i) => ({ key: (i * 7_919) % 100_003 }));
  const compare = (a: { key: number }, b: { key: number }): number => {
    comparisons++;
    return byKey(a, b);
  };
  await sorted(items, compare, work);
  expect(pauses).toBeGreaterThan(20);
  expect(longest).toBeLessThan(80_000);
  await expect(sorted(items, byKey, new Work(1_000_000, Infinity))).rejects.toThrow(WorkExceeded);
});
