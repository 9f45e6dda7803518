/** Rate limits by method: what a method is called in limits follows from its HTTP route, over gRPC too. */
import type { Registry } from 'prom-client';
import type { Clock } from '../../../lib/clock/clock';
import type { Descriptors } from '../rpc/descriptors';
import type { Pipeline } from '../rpc/pipeline';
import { RateLimiter, type Admission, type RateLimits } from '../rpc/rate-limit';
import { actionOf, readRoutes } from './routes';

export function createAdmission(
  limits: RateLimits,
  { descriptors, pipeline }: { descriptors: Descriptors; pipeline: Pipeline },
  { clock, registry }: { clock: Clock; registry: Registry },
): Admission {
  const limiter = new RateLimiter(limits, clock, registry);
  const routes = [...readRoutes(descriptors, pipeline).collections.values()].flat();
  const actions = new Map(routes.map((route) => [route.method.fullName, actionOf(route)]));
  return (fullName, caller) => {
    const what = actions.get(fullName);
    return what === undefined ? undefined : limiter.take({ ...what, ...caller });
  };
}
