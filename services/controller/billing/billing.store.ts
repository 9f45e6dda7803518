/** SQL of billing. */
import type { AllowedIn } from '../authz/authz';
import { rows, sql, type Executor } from '../db/db';
import type { Period } from './billing';

/**
 * Users of the whole deployment who had a live auth token, by month, newest first; months without
 * any are left out. What is on record tells of tokens that are gone; those that there are count in
 * each month that they have lived in until `now`.
 */
export const activeUsers = (
  on: Executor,
  allowed: AllowedIn<'billing', 'monthly-active-users'>,
  { start, end }: Period,
  now: Date,
): Promise<{ month: Date; count: number }[]> =>
  rows(
    on,
    sql`select month, count(*)::integer as count from (
          select month, user_id from monthly_active_users
          union
          select months_between(created_time, least(expiration_time, ${now}::timestamptz)), user_id from auth_tokens
        ) active
        where ${allowed.scopeId} = 'global' and month >= ${start} and month < ${end}
        group by month order by month desc`,
  );
