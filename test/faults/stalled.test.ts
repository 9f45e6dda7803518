import { assertBounded, endsBeforeRead, stallTransfers } from './stalled';

const MIB = 1 << 20;

test('60 stalled transfers of 1 GB: what the worker holds is bounded', async () => {
  assertBounded(await stallTransfers(60));
}, 120_000);

test.each([
  ['up', MIB],
  ['down', MIB],
  ['up', 24 * MIB],
  ['down', 24 * MIB],
] as const)(
  '%s: %i bytes whose sender has ended before anybody reads arrive whole',
  async (direction, total) => {
    expect(await endsBeforeRead(direction, total)).toBe(total);
  },
  60_000,
);
