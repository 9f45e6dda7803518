/** Handler of BillingService. */
import { BillingServiceDefinition } from '../../../proto/gen/api/billing';
import type { ControllerDeps } from '../context';
import { wholeList } from '../resources/whole-list';
import { service } from '../rpc/service';
import { lastHour, monthOf, periodOf } from './billing';
import { activeUsers } from './billing.store';

export function billingService(deps: ControllerDeps) {
  return service(BillingServiceDefinition, {
    async monthlyActiveUsers(op, request) {
      const allowed = await deps.authz.check(op, 'monthly-active-users', { type: 'billing', scopeId: 'global' });
      const now = deps.clock.now();
      const period = periodOf(request, now);
      const counted = await activeUsers(deps.db.executor, allowed, period, now);
      const counts = new Map(period.always.map((month) => [month.getTime(), 0]));
      for (const { month, count } of counted) counts.set(month.getTime(), count);
      const items = await wholeList(op, [...counts], ([time, count]) => {
        const month = new Date(time);
        const end = monthOf(month, 1);
        return { count, start_time: month, end_time: end > now ? lastHour(now) : end };
      });
      return { items };
    },
  });
}
