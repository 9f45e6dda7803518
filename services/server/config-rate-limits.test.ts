import { ConfigError, Fields, type Problem } from '../../lib/config/fields';
import { DEFAULT_MAX_QUOTAS } from '../controller/rpc/rate-limit';
import { readRateLimits } from './config-rate-limits';

function read(values: Record<string, unknown>) {
  const problems: Problem[] = [];
  const limits = readRateLimits(new Fields(values, 'controller', problems, {}));
  if (problems.length > 0) throw new ConfigError('test', problems);
  return limits;
}

test('without keys the defaults hold; a flag switches limits off', () => {
  expect(read({})).toEqual({ rules: [], maxQuotas: DEFAULT_MAX_QUOTAS });
  expect(read({ api_rate_limit_disable: true })).toBeUndefined();
  expect(read({ api_rate_limit_max_quotas: 10 })).toMatchObject({ maxQuotas: 10 });
});

test('blocks become rules in their order', () => {
  const rule = { resources: ['*'], actions: ['list', 'create:worker-led'], per: 'total', limit: 5, period: '1m' };
  const lifted = { resources: ['target'], actions: ['*'], per: 'ip-address', unlimited: true };
  const common = { resources: ['*'], actions: ['list', 'create:worker-led'] };
  expect(read({ api_rate_limit: [rule, lifted] })!.rules).toEqual([
    { ...common, per: 'total', limit: 5, periodMs: 60_000 },
    { resources: ['target'], actions: ['*'], per: 'ip-address', limit: undefined, periodMs: 1_000 },
  ]);
});

test.each([
  [{ resources: ['*'], actions: ['*'], limit: 1, period: '1s' }, 'api_rate_limit[0].per: one of total'],
  [
    { resources: ['tea'], actions: ['*'], per: 'total', limit: 1, period: '1s' },
    'resources: names as grants have them',
  ],
  [{ actions: ['*'], per: 'total', limit: 1, period: '1s' }, 'resources: a list of names'],
  [{ resources: ['*'], actions: ['brew'], per: 'total', limit: 1, period: '1s' }, 'actions: names as grants have them'],
  [{ resources: ['*'], actions: ['*'], per: 'total', period: '1s' }, 'limit: a number of requests'],
  [{ resources: ['*'], actions: ['*'], per: 'total', limit: 1 }, 'period: the length of a window'],
  [{ resources: ['*'], actions: ['*'], per: 'total', limit: 1, period: '10ms' }, 'period: at least 1 s'],
  [{ resources: ['*'], actions: ['*'], per: 'total', limit: 1, period: '1s', burst: 2 }, 'burst: no such key'],
])('%j is refused', (rule, problem) => {
  expect(() => read({ api_rate_limit: [rule] })).toThrow(problem);
});
