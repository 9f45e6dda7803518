import { Registry } from 'prom-client';
import { systemClock } from '../../../lib/clock/clock';
import { RateLimiter, type LimitedCall, type RateLimitRule } from './rate-limit';

let nowMs: number;
const clock = { now: () => new Date(nowMs), after: systemClock.after, every: systemClock.every };
const limiterOf = (rules: RateLimitRule[] = [], maxQuotas = 1_000): RateLimiter =>
  new RateLimiter({ rules, maxQuotas }, clock, new Registry());
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
  nowMs = 1_000_000;
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
  nowMs += 9_500;
  expect(limiter.take(CALL)).toMatchObject({
    outcome: 'limited',
    state: 'limit=2, remaining=0, reset=1',
    retryAfter: 1,
  });
  nowMs += 500;
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

test('memory is bounded: invented tokens do not keep others out, too many addresses do until windows end', () => {
  const limiter = limiterOf([rule('total', undefined)], 10);
  const tokens = Array.from({ length: 50 }, (_, i) => ({ token: `t${i}` }));
  expect(new Set(outcomes(limiter, tokens))).toEqual(new Set(['allowed']));
  const addresses = Array.from({ length: 10 }, (_, i) => ({ token: undefined, clientAddress: `192.0.2.${i + 2}` }));
  expect(outcomes(limiter, addresses).filter((outcome) => outcome === 'full')).toHaveLength(8);
  nowMs += 30_000;
  expect(outcomes(limiter, addresses)).not.toContain('full');
});
