/**
 * Derives the windows that limit one action on one resource from the rules of the configuration.
 */
import { shareOfAddress, shareOfAnonymous, shareOfAnonymousAt, shareOfUser } from './rate-shares';

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

const PERIOD_MS = 30_000;
const everything = (actions: string[], limits: readonly [number, number, number]): RateLimitRule[] =>
  LIMITED.map((per, i) => ({ resources: ['*'], actions, per, limit: limits[i], periodMs: PERIOD_MS }));

export const DEFAULT_RULES: readonly RateLimitRule[] = [
  ...everything(['*'], [30_000, 30_000, 3_000]),
  ...everything(['list'], [1_500, 1_500, 150]),
];

/**
 * Windows of one kind of holder, with the limit that the configuration gives the window; shares may
 * be below it.
 */
export interface Part {
  limit: number;
  anonymous: number;
  periodMs: number;
  /** In the header `RateLimit`. */
  shown: number;
  /** The part is only a share: the header mentions it only when it is used up. */
  isShare: boolean;
}

export interface Policy {
  /** The header. */
  text: string;
  total: Part[];
  address: Part[];
  user: Part[];
  token: Part[];
}

type Rule = { per: Limited; limit: number; periodMs: number };

/**
 * What limits an action on a resource: the last rule of each kind that covers it, and the shares
 * that follow.
 */
export function policyOf(rules: readonly RateLimitRule[], resource: string, action: string): Policy {
  const covers = (names: readonly string[], name: string): boolean => names.includes('*') || names.includes(name);
  const limits = LIMITED.flatMap((per): Rule[] => {
    const rule = rules
      .filter((r) => r.per === per && covers(r.resources, resource) && covers(r.actions, action))
      .at(-1);
    return rule?.limit === undefined ? [] : [{ per, limit: rule.limit, periodMs: rule.periodMs }];
  });
  const text = limits.map(({ per, limit, periodMs }) => `${limit};w=${seconds(periodMs)};comment="${per}"`).join(', ');
  const of = (per: Limited): Rule[] => limits.filter((rule) => rule.per === per);
  const [total, address, token] = LIMITED.map(of) as [Rule[], Rule[], Rule[]];
  return {
    text,
    total: total.map((rule) => partOf(rule, rule.limit, shareOfAnonymous)),
    address: merged([
      ...address.map((rule) => partOf(rule, rule.limit, shareOfAnonymousAt)),
      ...total.flatMap((rule) => shareOf(rule, shareOfAddress, shareOfAnonymousAt)),
    ]),
    user: merged([...total, ...address].flatMap((rule) => shareOf(rule, shareOfUser, (all) => all))),
    token: token.map((rule) => partOf(rule, rule.limit, (all) => all)),
  };
}

const partOf = (rule: Rule, limit: number, anonymousOf: (all: number) => number): Part => ({
  limit,
  anonymous: anonymousOf(limit),
  periodMs: rule.periodMs,
  shown: rule.limit,
  isShare: false,
});

/** No share of a window that is too small to be divided. */
function shareOf(rule: Rule, share: (all: number) => number, anonymousOf: (all: number) => number): Part[] {
  const limit = share(rule.limit);
  return limit < rule.limit ? [{ ...partOf(rule, limit, anonymousOf), isShare: true }] : [];
}

/**
 * Parts with the same period become one window. The smaller limit holds, and the first part is
 * shown.
 */
function merged(parts: readonly Part[]): Part[] {
  const byPeriod = new Map<number, Part>();
  for (const part of parts) {
    const first = byPeriod.get(part.periodMs);
    const both = first ?? part;
    const [limit, anonymous] = [Math.min(both.limit, part.limit), Math.min(both.anonymous, part.anonymous)];
    byPeriod.set(part.periodMs, { ...both, limit, anonymous });
  }
  return [...byPeriod.values()];
}

/** As clients are told periods and waits. */
export const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
