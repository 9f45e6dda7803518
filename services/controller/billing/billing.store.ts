/** SQL of billing. */
import type { AllowedIn } from '../authz/authz';
import { rows, sql, type Executor } from '../db/db';
import type { Period } from './billing';

/**
 * Users of the whole deployment who opened sessions, by month, newest first; months without any are
 * left out.
 */
export const activeUsers = (
  on: Executor,
  allowed: AllowedIn<'billing', 'monthly-active-users'>,
  period: Period,
): Promise<{ month: Date; count: number }[]> =>
  rows(
    on,
    sql`select month, count(*)::integer as count from monthly_active_users
        where ${allowed.scopeId} = 'global' and month >= ${period.start} and month < ${period.end}
        group by month order by month desc`,
  );
