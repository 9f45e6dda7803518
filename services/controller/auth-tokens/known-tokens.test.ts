import { KnownTokens, tokenHash } from './known-tokens';
import { TestClock } from '../../../lib/clock/test-clock.fixture';

let clock: TestClock;
let known: KnownTokens;
const userOf = (token: string) => known.userOf(tokenHash(token));

beforeEach(() => {
  clock = new TestClock();
  known = new KnownTokens(clock);
});

test('a token is known for a while after its last verification, and no more after a failed one', () => {
  known.note('a', 'u_1');
  known.note('b', 'u_1');
  expect([userOf('a'), userOf('b'), userOf('c')]).toEqual(['u_1', 'u_1', undefined]);
  clock.forward(10 * 60_000 - 1);
  known.note('b', 'u_1');
  known.note(undefined, undefined);
  clock.forward(1);
  expect([userOf('a'), userOf('b')]).toEqual([undefined, 'u_1']);
  known.note('b', undefined);
  expect(userOf('b')).toBeUndefined();
});

test('one user does not push out the tokens of others', () => {
  known.note('honest', 'u_1');
  for (let i = 0; i < 60_000; i++) known.note(`t${i}`, 'u_2');
  expect(userOf('honest')).toBe('u_1');
  const left = Array.from({ length: 60_000 }, (_, i) => userOf(`t${i}`)).filter((user) => user !== undefined);
  expect(left).toHaveLength(20);
});

test('memory is bounded', () => {
  for (let i = 0; i < 50_001; i++) known.note(`t${i}`, `u_${i}`);
  expect([userOf('t0'), userOf('t1'), userOf('t50000')]).toEqual([undefined, 'u_1', 'u_50000']);
});

test('who listens is told once of a token that becomes known', () => {
  const told: string[][] = [];
  known.onKnown((hash, userId) => told.push([hash, userId]));
  for (const userId of ['u_1', 'u_1', undefined, 'u_1']) known.note('a', userId);
  expect(told).toEqual(Array(2).fill([tokenHash('a'), 'u_1']));
});
