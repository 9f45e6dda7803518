/** SQL of authorization: the grants of a set of users. */
import { rows, sql, type Executor, type RawBuilder } from '../db/db';

/** One grant of a role at one of its grant scopes. */
export interface GrantRow {
  role_id: string;
  role_scope_id: string;
  canonical: string;
  grant_scope_id: string;
}

/** Grants of the roles whose principals are these users (an array expression), groups or managed groups with them. */
export const selectGrants = (userIds: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  select g.role_id, r.scope_id as role_scope_id, g.canonical, gs.grant_scope_id
  from roles r
  join role_grants g on g.role_id = r.id
  join role_grant_scopes gs on gs.role_id = r.id
  where r.id in (
    select role_id from role_principals where user_id = any(${userIds})
    union
    select p.role_id from role_principals p join group_members m on m.group_id = p.group_id
      where m.user_id = any(${userIds})
    union
    select p.role_id from accounts a join managed_group_members m on m.account_id = a.id
      join role_principals p on p.managed_group_id = m.managed_group_id
      where a.user_id = any(${userIds})
  )`;

export const loadGrants = (on: Executor, userIds: readonly string[]): Promise<GrantRow[]> =>
  rows(on, selectGrants(sql`${userIds}::text[]`));
