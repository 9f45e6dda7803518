/** Handler of BillingService. */
import { BillingServiceDefinition } from '../../../proto/gen/api/billing';
import type { ControllerDeps } from '../context';
import { wholeList } from '../resources/whole-list';
import { service } from '../rpc/service';
import { monthOf, periodOf } from './billing';
import { activeUsers } from './billing.store';

export function billingService(deps: ControllerDeps) {
  return service(BillingServiceDefinition, {
    async monthlyActiveUsers(op, request) {
      const allowed = await deps.authz.check(op, 'monthly-active-users', { type: 'billing', scopeId: 'global' });
      const now = deps.clock.now();
      const counted = await activeUsers(deps.db.executor, allowed, periodOf(request, now));
      const items = await wholeList(op, counted, ({ month, count }) => {
        const end = monthOf(month, 1);
        // A month that is not over counts up to now.
        return { count, start_time: month, end_time: end > now ? now : end };
      });
      return { items };
    },
  });
}
