/**
 * `api_rate_limit` blocks of the controller block. Later blocks take precedence over earlier ones,
 * and all over the defaults.
 */
import type { Fields } from '../../lib/config/fields';
import { isKnownAction, isKnownType } from '../controller/authz/actions';
import { DEFAULT_MAX_QUOTAS, type RateLimits } from '../controller/rpc/rate-limit';
import { LIMITED, type RateLimitRule } from '../controller/rpc/rate-policy';

const MAX_LIMIT = 1_000_000_000;
const MAX_QUOTAS = 10_000_000;
/** Windows are told to clients in whole seconds. */
const MIN_PERIOD_MS = 1_000;

/** Undefined when rate limits are switched off. */
export function readRateLimits(block: Fields): RateLimits | undefined {
  const rules = block.blocks('api_rate_limit').flatMap(readRule);
  const maxQuotas = block.integer('api_rate_limit_max_quotas', 1, MAX_QUOTAS) ?? DEFAULT_MAX_QUOTAS;
  return block.flag('api_rate_limit_disable') === true ? undefined : { rules, maxQuotas };
}

function readRule(rule: Fields): RateLimitRule[] {
  const resources = readNames(rule, 'resources', isKnownType);
  const actions = readNames(rule, 'actions', isKnownAction);
  const per = rule.word('per', LIMITED);
  if (!rule.has('per')) rule.problem('per', `one of ${LIMITED.join(', ')}`);
  const unlimited = rule.flag('unlimited') === true;
  const limit = rule.integer('limit', 1, MAX_LIMIT);
  const periodMs = rule.duration('period');
  if (!unlimited && !rule.has('limit')) rule.problem('limit', 'a number of requests, or unlimited = true');
  if (!unlimited && !rule.has('period')) rule.problem('period', 'the length of a window, such as "30s"');
  if (periodMs !== undefined && periodMs < MIN_PERIOD_MS) rule.problem('period', 'at least 1 s');
  rule.end();
  if (per === undefined) return [];
  return [{ resources, actions, per, limit: unlimited ? undefined : limit, periodMs: periodMs ?? MIN_PERIOD_MS }];
}

function readNames(rule: Fields, key: string, isKnown: (name: string) => boolean): string[] {
  const names = rule.texts(key);
  if (!rule.has(key)) rule.problem(key, 'a list of names, or ["*"] for all');
  const known = (names ?? []).every((name) => name === '*' || isKnown(name));
  if (!known) rule.problem(key, 'names as grants have them, or "*"');
  return names ?? [];
}
