/**
 * Rate limits by method: what a method is called in limits follows from its HTTP route, over gRPC
 * too.
 */
import type { Registry } from 'prom-client';
import type { Clock } from '../../../lib/clock/clock';
import type { KnownTokens } from '../auth-tokens/known-tokens';
import type { Descriptors } from '../rpc/descriptors';
import type { Pipeline } from '../rpc/pipeline';
import { DEFAULT_MAX_QUOTAS, RateLimiter, type Admission, type RateLimits } from '../rpc/rate-limit';
import { actionOf, readRoutes } from './routes';

export interface ConfigurableAdmission {
  admit: Admission;
  /** Other limits from now on; undefined: none. */
  configure(limits: RateLimits | undefined): void;
}

const NO_RULES: RateLimits = { rules: [], maxQuotas: DEFAULT_MAX_QUOTAS };

export function createAdmission(
  limits: RateLimits | undefined,
  { descriptors, pipeline }: { descriptors: Descriptors; pipeline: Pipeline },
  { clock, registry, known }: { clock: Clock; registry: Registry; known: KnownTokens },
): ConfigurableAdmission {
  const limiter = new RateLimiter(limits ?? NO_RULES, clock, registry, known);
  let isOn = limits !== undefined;
  const routes = [...readRoutes(descriptors, pipeline).collections.values()].flat();
  const actions = new Map(routes.map((route) => [route.method.fullName, actionOf(route)]));
  return {
    admit(fullName, caller) {
      const what = isOn ? actions.get(fullName) : undefined;
      return what === undefined ? undefined : limiter.take({ ...what, ...caller });
    },
    configure(changed) {
      isOn = changed !== undefined;
      limiter.configure(changed ?? NO_RULES);
    },
  };
}
