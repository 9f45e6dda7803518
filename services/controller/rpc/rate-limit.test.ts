import { Registry } from 'prom-client';
import { KnownTokens } from '../auth-tokens/known-tokens';
import { RateLimiter, type LimitedCall } from './rate-limit';
import type { RateLimitRule } from './rate-policy';
import { TestClock } from '../../../lib/clock/test-clock.fixture';

let clock: TestClock;
let known: KnownTokens;
const limiterOf = (rules: RateLimitRule[] = [], maxQuotas = 1_000): RateLimiter =>
  new RateLimiter({ rules, maxQuotas }, clock, new Registry(), known);
const CALL: LimitedCall = { resource: 'group', action: 'read', clientAddress: '192.0.2.1', token: 'at_1_a' };
const rule = (
  per: RateLimitRule['per'],
  limit: number | undefined,
  more: Partial<RateLimitRule> = {},
): RateLimitRule => ({
  resources: ['*'],
  actions: ['*'],
  per,
  limit,
  periodMs: 10_000,
  ...more,
});
const outcomes = (limiter: RateLimiter, calls: Partial<LimitedCall>[]): string[] =>
  calls.map((call) => limiter.take({ ...CALL, ...call }).outcome);

beforeEach(() => {
  clock = new TestClock();
  known = new KnownTokens(clock);
});

test('the defaults, as clients see them in the headers', () => {
  const limiter = limiterOf();
  expect(limiter.take(CALL)).toEqual({
    outcome: 'allowed',
    policy: '30000;w=30;comment="total", 30000;w=30;comment="ip-address", 3000;w=30;comment="auth-token"',
    state: 'limit=3000, remaining=2999, reset=30',
    retryAfter: 30,
  });
  expect(limiter.take({ ...CALL, action: 'list', token: undefined })).toMatchObject({
    policy: '1500;w=30;comment="total", 1500;w=30;comment="ip-address", 150;w=30;comment="auth-token"',
    state: 'limit=1500, remaining=1499, reset=30',
  });
});

test('a window opens again after its period', () => {
  const limiter = limiterOf([rule('auth-token', 2)]);
  expect(outcomes(limiter, [{}, {}, {}, { token: 'at_1_b' }, { action: 'update' }])).toEqual([
    'allowed',
    'allowed',
    'limited',
    'allowed',
    'allowed',
  ]);
  clock.forward(9_500);
  expect(limiter.take(CALL)).toMatchObject({
    outcome: 'limited',
    state: 'limit=2, remaining=0, reset=1',
    retryAfter: 1,
  });
  clock.forward(500);
  expect(outcomes(limiter, [{}])).toEqual(['allowed']);
});

test('addresses of one IPv6 network count together', () => {
  const limiter = limiterOf([rule('ip-address', 1)]);
  const from = (clientAddress: string): Partial<LimitedCall> => ({ clientAddress });
  expect(outcomes(limiter, [from('2001:db8:0:1::1'), from('2001:db8::1:2:3:4:5'), from('2001:db8:0:2::1')])).toEqual([
    'allowed',
    'limited',
    'allowed',
  ]);
  expect(
    outcomes(limiter, [from('192.0.2.8'), from('192.0.2.9'), from('192.0.2.8'), from('::1'), from('::2')]),
  ).toEqual(['allowed', 'allowed', 'limited', 'allowed', 'limited']);
});

test('a refused request uses up nothing', () => {
  const limiter = limiterOf([rule('total', 3), rule('auth-token', 1)]);
  expect(outcomes(limiter, [{}, {}, {}, {}, { token: 'b' }, { token: 'c' }, { token: 'd' }])).toEqual([
    ...['allowed', 'limited', 'limited', 'limited', 'allowed', 'allowed', 'limited'],
  ]);
});

test('later rules win; a rule without a limit lifts one', () => {
  const limiter = limiterOf([
    rule('total', 1),
    rule('total', 2, { resources: ['group'], actions: ['read'] }),
    rule('ip-address', undefined),
    rule('auth-token', undefined),
  ]);
  expect(limiter.take(CALL).policy).toBe('2;w=10;comment="total"');
  expect(limiter.take({ ...CALL, resource: 'role' }).policy).toBe('1;w=10;comment="total"');
});

/** How many of so many calls are allowed. */
const allowed = (limiter: RateLimiter, calls: number, call: (i: number) => Partial<LimitedCall>): number =>
  outcomes(
    limiter,
    Array.from({ length: calls }, (_, i) => call(i)),
  ).filter((outcome) => outcome === 'allowed').length;
const LIST = { action: 'list' };
/** As many addresses as one likes. */
const address = (i: number): string => `198.51.${i >> 8}.${i & 255}`;

test('anonymous callers leave half of what all share to those logged in', () => {
  const limiter = limiterOf();
  known.note('good', 'u_1');
  expect(allowed(limiter, 5_000, (i) => ({ ...LIST, token: undefined, clientAddress: address(i % 50) }))).toBe(750);
  expect(allowed(limiter, 100, (i) => ({ ...LIST, token: `forged ${i}`, clientAddress: address(i + 50) }))).toBe(0);
  expect(allowed(limiter, 200, () => ({ ...LIST, token: 'good' }))).toBe(150);
});

test('anonymous callers of one address leave most of it, and of what all share, to others', () => {
  const limiter = limiterOf();
  known.note('good', 'u_1');
  expect(allowed(limiter, 1_520, (i) => ({ ...LIST, token: i % 2 ? undefined : `forged ${i}` }))).toBe(188);
  const refused = limiter.take({ ...CALL, ...LIST, token: undefined });
  expect(refused).toMatchObject({ outcome: 'limited', state: 'limit=1500, remaining=0, reset=30', retryAfter: 30 });
  expect(allowed(limiter, 10, () => ({ ...LIST, token: undefined, clientAddress: address(1) }))).toBe(10);
  expect(allowed(limiter, 150, () => ({ ...LIST, token: 'good' }))).toBe(150);
});

test('one address uses half of what all share', () => {
  const limiter = limiterOf();
  for (let i = 0; i < 20; i++) known.note(`t${i}`, `u_${i}`);
  expect(allowed(limiter, 2_000, (i) => ({ ...LIST, token: `t${i % 10}` }))).toBe(750);
  expect(allowed(limiter, 1_000, (i) => ({ ...LIST, token: `t${10 + (i % 10)}`, clientAddress: address(1) }))).toBe(
    750,
  );
});

test('one user has a quarter, with however many tokens and addresses', () => {
  const limiter = limiterOf();
  for (let i = 0; i < 10; i++) known.note(`t${i}`, 'u_1');
  known.note('other', 'u_2');
  const call = (i: number) => ({ ...LIST, token: `t${i % 10}`, clientAddress: address(i % 7) });
  expect(allowed(limiter, 2_000, call)).toBe(375);
  expect(allowed(limiter, 150, () => ({ ...LIST, token: 'other' }))).toBe(150);
});

test('small windows are not divided', () => {
  const limiter = limiterOf([rule('total', 19), rule('ip-address', 19)]);
  expect(allowed(limiter, 30, () => ({ token: undefined }))).toBe(19);
  const divided = limiterOf([rule('total', 20), rule('ip-address', undefined)]);
  expect(allowed(divided, 30, () => ({ token: undefined }))).toBe(10);
});

test('shares have the period of the limit that they are of', () => {
  const limiter = limiterOf([rule('total', 100, { periodMs: 60_000 }), rule('ip-address', 40)]);
  known.note('good', 'u_1');
  expect(allowed(limiter, 100, () => ({ token: 'good' }))).toBe(10);
  clock.forward(10_000);
  expect(allowed(limiter, 100, () => ({ token: 'good' }))).toBe(10);
  clock.forward(10_000);
  expect(allowed(limiter, 100, () => ({ token: 'good' }))).toBe(5);
  expect(limiter.take({ ...CALL, token: 'good' })).toMatchObject({ state: 'limit=100, remaining=0, reset=40' });
});

const TOKENS_ONLY = [rule('total', undefined), rule('ip-address', undefined), rule('auth-token', 3)];

test('with room for one window a second token is told to come again when that has ended', () => {
  const limiter = limiterOf(TOKENS_ONLY, 1);
  known.note('first', 'u_1');
  known.note('second', 'u_2');
  expect(outcomes(limiter, [{ token: 'first' }, { token: 'second' }, { token: undefined }])).toEqual([
    'allowed',
    'full',
    'allowed',
  ]);
  expect(limiter.take({ ...CALL, token: 'second' })).toMatchObject({ outcome: 'full', retryAfter: 10 });
  clock.forward(10_000);
  expect(outcomes(limiter, [{ token: 'second' }, { token: 'first' }])).toEqual(['allowed', 'full']);
});

test('a token that is found good keeps its window from its first request on', () => {
  const limiter = limiterOf(TOKENS_ONLY, 1);
  expect(outcomes(limiter, [{ token: 'invented' }, { token: 'first' }])).toEqual(['allowed', 'allowed']);
  known.note('first', 'u_1');
  expect(outcomes(limiter, [{ token: 'second' }])).toEqual(['full']);
});

test.each([
  [999, 'limit=3, remaining=1, reset=10'],
  [1_000, 'limit=3, remaining=2, reset=10'],
])('with %d requests of unknown tokens since', (others, state) => {
  const limiter = limiterOf(TOKENS_ONLY, others + 1);
  for (let i = 0; i <= others; i++) limiter.take({ ...CALL, token: `t${i}` });
  known.note('t0', 'u_1');
  limiter.take({ ...CALL, token: 'another' });
  // The 1,001st request made the limiter forget the first, so its window gave way.
  expect(limiter.take({ ...CALL, token: 't0' }).state).toBe(state);
});

test('invented tokens and many addresses push out no window of those logged in, nor their own', () => {
  const limiter = limiterOf([rule('total', undefined), rule('ip-address', 30), rule('auth-token', 2)], 10);
  known.note('good', 'u_1');
  expect(outcomes(limiter, [{ token: 'good' }, { token: 'good' }])).toEqual(['allowed', 'allowed']);
  const flooder = { clientAddress: address(1) };
  // A quarter of its address's 30.
  expect(allowed(limiter, 1_000, (i) => ({ ...flooder, token: `invented ${i}` }))).toBe(8);
  for (let i = 0; i < 1_000; i++) limiter.take({ ...CALL, token: undefined, clientAddress: address(2 + i) });
  expect(outcomes(limiter, [{ token: 'good' }, flooder])).toEqual(['limited', 'limited']);
  known.note('other', 'u_2');
  expect(outcomes(limiter, [{ token: 'other', clientAddress: address(3_000) }])).toEqual(['allowed']);
});
