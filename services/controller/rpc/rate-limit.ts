/**
 * Rate limits of the API: fixed windows per resource and action, for all callers together, per
 * address and per token, with the shares of rate-shares.ts. Counts are kept in memory, so each
 * controller counts for itself. Requests are counted before they are looked at: a request counts as
 * a user's only if its token was verified before.
 */
import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../../lib/clock/clock';
import { limit } from '../../../lib/limits/limit';
import { networkOf } from '../../../lib/limits/network';
import { localWindows, type Windows, type WindowSpec } from '../../../lib/limits/windows';
import { tokenHash, type KnownTokens } from '../auth-tokens/known-tokens';
import { DEFAULT_RULES, policyOf, seconds, type Part, type Policy, type RateLimitRule } from './rate-policy';

export interface RateLimits {
  /** Later rules win over earlier ones, all over {@link DEFAULT_RULES}. */
  rules: readonly RateLimitRule[];
  /** Windows of addresses, users and tokens kept at once. */
  maxQuotas: number;
}

/** About 20 MB. */
export const DEFAULT_MAX_QUOTAS = 100_000;

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
  /**
   * Header `RateLimit`, of the window with the fewest requests left; empty when nothing is limited.
   */
  state: string;
  /** Until the next request has a chance, seconds. */
  retryAfter: number;
}

/** Counts a call of a method, by full name; undefined when nothing limits it. */
export type Admission = (fullName: string, caller: Pick<LimitedCall, 'clientAddress' | 'token'>) => Verdict | undefined;

interface Spec extends WindowSpec {
  part: Part;
}

/** Requests under way whose token is not known yet; about 300 bytes each. */
const MAX_TRIALS = limit('requests with unknown tokens', 1_000, {
  what: 'requests whose token is not known yet, and whose windows are kept for its user when it is found good',
  unit: 'requests',
  reached: 'the windows of the oldest one count as anonymous until the next request with the token',
  test: 'services/controller/rpc/rate-limit.test.ts: requests of unknown tokens since',
});

export class RateLimiter {
  private readonly windows: Windows;
  private readonly policies = new Map<string, Policy>();
  /** Windows of the latest request with a token that was not known, by the token's hash. */
  private readonly trials = new Map<string, Spec[]>();

  constructor(
    private limits: RateLimits,
    private readonly clock: Clock,
    registry: Registry,
    private readonly known: KnownTokens,
  ) {
    this.windows = localWindows(limits.maxQuotas);
    known.onKnown((hash, userId) => this.adopt(hash, userId));
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
    gauge('usage', 'Windows that the rate limiter counts.', () => this.windows.size);
  }

  /** Takes other limits from now on; all windows begin anew. */
  configure(limits: RateLimits): void {
    this.limits = limits;
    this.policies.clear();
    this.trials.clear();
    this.windows.reset(limits.maxQuotas);
  }

  /** Counts the call in all its windows, unless one of them is used up. */
  take(call: LimitedCall): Verdict {
    const now = this.clock.now().getTime();
    const hash = call.token === undefined ? undefined : tokenHash(call.token);
    const user = hash === undefined ? undefined : this.known.userOf(hash);
    const policy = this.policy(call.resource, call.action);
    const specs = specsOf(policy, call, { hash, user });
    if (specs.length === 0) return { outcome: 'allowed', policy: policy.text, state: '', retryAfter: 0 };
    const taken = this.windows.take(specs, user, now);
    if (taken.outcome === 'full') {
      return { outcome: 'full', policy: '', state: '', retryAfter: seconds(specs.at(-1)!.periodMs) };
    }
    const verdict = (outcome: 'allowed' | 'limited', { shown }: Part, left: number, endsAt: number): Verdict => {
      const reset = seconds(endsAt - now);
      const state = `limit=${shown}, remaining=${left}, reset=${reset}`;
      return { outcome, policy: policy.text, state, retryAfter: reset };
    };
    if (taken.outcome === 'used up') return verdict('limited', specs[taken.at]!.part, 0, taken.endsAt);
    if (hash !== undefined && user === undefined) this.try(hash, specs);
    const states = taken.states.map(({ used, endsAt }, i) => {
      const { part } = specs[i]!;
      return { part, left: Math.max(0, part.shown - used), endsAt };
    });
    const scarcest = states
      .filter(({ part }) => !part.isShare)
      .sort((a, b) => a.left - b.left || b.endsAt - a.endsAt)[0]!;
    return verdict('allowed', scarcest.part, scarcest.left, scarcest.endsAt);
  }

  private try(hash: string, specs: Spec[]): void {
    this.trials.delete(hash);
    this.trials.set(hash, specs);
    if (this.trials.size <= MAX_TRIALS) return;
    for (const oldest of this.trials.keys()) {
      this.trials.delete(oldest);
      return;
    }
  }

  /** A token has turned out to be valid: the windows of its request now count for its user. */
  private adopt(hash: string, userId: string): void {
    const specs = this.trials.get(hash);
    if (specs === undefined) return;
    this.trials.delete(hash);
    this.windows.claim(specs, userId, this.clock.now().getTime());
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

/**
 * The windows of a call. A token is named by a hash of its whole text: by the id alone, others
 * could use up its window.
 */
function specsOf(
  policy: Policy,
  { resource, action, clientAddress }: LimitedCall,
  { hash, user }: { hash: string | undefined; user: string | undefined },
): Spec[] {
  const what = `${resource} ${action}`;
  const specs = (parts: readonly Part[], key: string, fixed = false): Spec[] =>
    parts.map((part) => {
      const { limit, anonymous: strangersLimit, periodMs } = part;
      return { key, limit, strangersLimit, periodMs, fixed, part };
    });
  return [
    ...specs(policy.total, what, true),
    ...specs(policy.address, `${what} ip ${networkOf(clientAddress)}`),
    ...(user === undefined ? [] : specs(policy.user, `${what} user ${user}`)),
    ...(hash === undefined ? [] : specs(policy.token, `${what} token ${hash}`)),
  ];
}
