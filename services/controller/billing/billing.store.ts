/** SQL of billing. */
import type { Allowed } from '../authz/authz';
import { rows, sql, type Executor } from '../db/db';
import type { Period } from './billing';

/** Users who opened sessions, by month, newest first; months without any are left out. */
export const activeUsers = (
  on: Executor,
  _allowed: Allowed<'monthly-active-users'>,
  period: Period,
): Promise<{ month: Date; count: number }[]> =>
  rows(
    on,
    sql`select month, count(*)::integer as count from monthly_active_users
        where month >= ${period.start} and month < ${period.end}
        group by month order by month desc`,
  );
