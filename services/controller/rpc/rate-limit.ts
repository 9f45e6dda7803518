/**
 * Rate limits of the API: fixed windows per resource and action, for all callers together, per address and per token.
 * Counts stay in memory, so each controller counts for itself. Requests are counted before they are looked at.
 */
import { createHash } from 'node:crypto';
import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../../lib/clock/clock';
import { networkOf } from '../../../lib/limits/network';

/** Whose requests a limit counts together. */
export const LIMITED = ['total', 'ip-address', 'auth-token'] as const;
export type Limited = (typeof LIMITED)[number];

export interface RateLimitRule {
  /** Resource types and actions; `*` for all. */
  resources: readonly string[];
  actions: readonly string[];
  per: Limited;
  /** Requests of one window; undefined for no limit. */
  limit: number | undefined;
  /** Length of the window, ms. */
  periodMs: number;
}

export interface RateLimits {
  /** Later rules win over earlier ones, all over {@link DEFAULT_RULES}. */
  rules: readonly RateLimitRule[];
  /** Windows kept at once. */
  maxQuotas: number;
}

/** About 20 MB. */
export const DEFAULT_MAX_QUOTAS = 100_000;

const PERIOD_MS = 30_000;
const everything = (actions: string[], limits: readonly [number, number, number]): RateLimitRule[] =>
  LIMITED.map((per, i) => ({ resources: ['*'], actions, per, limit: limits[i], periodMs: PERIOD_MS }));

const DEFAULT_RULES: readonly RateLimitRule[] = [
  ...everything(['*'], [30_000, 30_000, 3_000]),
  ...everything(['list'], [1_500, 1_500, 150]),
];

/** What is called, and by whom. */
export interface LimitedCall {
  resource: string;
  action: string;
  /** Numeric. */
  clientAddress: string;
  token: string | undefined;
}

export interface Verdict {
  /** `full`: there is no room to count this caller. */
  outcome: 'allowed' | 'limited' | 'full';
  /** Header `RateLimit-Policy`; empty when nothing is limited. */
  policy: string;
  /** Header `RateLimit`, of the window with the fewest requests left; empty when nothing is limited. */
  state: string;
  /** Until the next request has a chance, seconds. */
  retryAfter: number;
}

/** Counts a call of a method, by full name; undefined when nothing limits it. */
export type Admission = (fullName: string, caller: Pick<LimitedCall, 'clientAddress' | 'token'>) => Verdict | undefined;

interface Policy {
  text: string;
  limits: { per: Limited; limit: number; periodMs: number }[];
}

interface Quota {
  endsAt: number;
  left: number;
  limit: number;
}

/** Windows that have ended are looked for at most this often, ms. */
const SWEEP_MS = 1_000;
/** Beyond this share, tokens seen for the first time get no window: anybody can invent tokens. */
const TOKEN_SHARE = 0.8;

export class RateLimiter {
  private readonly quotas = new Map<string, Quota>();
  private readonly policies = new Map<string, Policy>();
  private sweptAt = 0;

  constructor(
    private limits: RateLimits,
    private readonly clock: Clock,
    registry: Registry,
  ) {
    const gauge = (name: string, help: string, value: () => number): void => {
      const collect = function (this: Gauge): void {
        this.set(value());
      };
      new Gauge({
        name: `sallyport_controller_api_ratelimiter_quota_storage_${name}`,
        help,
        registers: [registry],
        collect,
      });
    };
    gauge('capacity', 'Windows that the rate limiter can count at once.', () => this.limits.maxQuotas);
    gauge('usage', 'Windows that the rate limiter counts.', () => this.quotas.size);
  }

  /** Takes other limits from now on; all windows begin anew. */
  configure(limits: RateLimits): void {
    this.limits = limits;
    this.policies.clear();
    this.quotas.clear();
  }

  /** Counts the call in all its windows, unless one of them is used up. */
  take(call: LimitedCall): Verdict {
    const now = this.clock.now().getTime();
    const policy = this.policy(call.resource, call.action);
    const windows: Quota[] = [];
    for (const { per, limit, periodMs } of policy.limits) {
      const key = keyOf(per, call);
      if (key === undefined) continue;
      const window = this.window(key, per, limit, periodMs, now);
      if (window === 'full') return { outcome: 'full', policy: '', state: '', retryAfter: seconds(periodMs) };
      if (window !== undefined) windows.push(window);
    }
    const used = windows.filter((window) => window.left === 0);
    if (used.length === 0) for (const window of windows) window.left--;
    const scarcest = [...windows].sort((a, b) => a.left - b.left || b.endsAt - a.endsAt)[0];
    if (scarcest === undefined) return { outcome: 'allowed', policy: policy.text, state: '', retryAfter: 0 };
    const { limit, left, endsAt } = scarcest;
    const reset = seconds(endsAt - now);
    const state = `limit=${limit}, remaining=${left}, reset=${reset}`;
    return { outcome: used.length > 0 ? 'limited' : 'allowed', policy: policy.text, state, retryAfter: reset };
  }

  private window(key: string, per: Limited, limit: number, periodMs: number, now: number): Quota | 'full' | undefined {
    const known = this.quotas.get(key);
    if (known !== undefined && known.endsAt > now) return known;
    if (known === undefined) {
      const room = this.limits.maxQuotas * (per === 'auth-token' ? TOKEN_SHARE : 1);
      if (this.quotas.size >= room) this.sweep(now);
      if (this.quotas.size >= room) return per === 'auth-token' ? undefined : 'full';
    }
    const fresh = { endsAt: now + periodMs, left: limit, limit };
    this.quotas.set(key, fresh);
    return fresh;
  }

  private sweep(now: number): void {
    if (now - this.sweptAt < SWEEP_MS) return;
    this.sweptAt = now;
    for (const [key, quota] of this.quotas) if (quota.endsAt <= now) this.quotas.delete(key);
  }

  private policy(resource: string, action: string): Policy {
    const key = `${resource} ${action}`;
    let policy = this.policies.get(key);
    if (policy === undefined) {
      policy = policyOf([...DEFAULT_RULES, ...this.limits.rules], resource, action);
      this.policies.set(key, policy);
    }
    return policy;
  }
}

function policyOf(rules: readonly RateLimitRule[], resource: string, action: string): Policy {
  const covers = (names: readonly string[], name: string): boolean => names.includes('*') || names.includes(name);
  const limits = LIMITED.flatMap((per) => {
    const rule = rules
      .filter((r) => r.per === per && covers(r.resources, resource) && covers(r.actions, action))
      .at(-1);
    return rule?.limit === undefined ? [] : [{ per, limit: rule.limit, periodMs: rule.periodMs }];
  });
  const text = limits.map(({ per, limit, periodMs }) => `${limit};w=${seconds(periodMs)};comment="${per}"`).join(', ');
  return { text, limits };
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/** Undefined when the limit does not concern the call. */
function keyOf(per: Limited, { resource, action, clientAddress, token }: LimitedCall): string | undefined {
  const what = `${resource} ${action}`;
  if (per === 'total') return what;
  if (per === 'ip-address') return `${what} ip ${networkOf(clientAddress)}`;
  // Of the whole token, secret included: an id alone would let others use up its owner's requests.
  return token === undefined ? undefined : `${what} token ${createHash('sha256').update(token).digest('base64')}`;
}
