/** SQL of authorization: the grants of a set of users. */
import { rows, sql, type Executor, type RawBuilder } from '../db/db';

/** One grant of a role at one of its grant scopes. */
export interface GrantRow {
  role_id: string;
  role_scope_id: string;
  canonical: string;
  grant_scope_id: string;
}

/** Roles that these users (an array expression) hold, by themselves, through groups and through managed groups. */
const heldRoles = (userIds: RawBuilder<unknown>): RawBuilder<unknown> => sql`
    select role_id, user_id as holder from role_principals where user_id = any(${userIds})
    union
    select p.role_id, m.user_id from role_principals p join group_members m on m.group_id = p.group_id
      where m.user_id = any(${userIds})
    union
    select p.role_id, a.user_id from accounts a join managed_group_members m on m.account_id = a.id
      join role_principals p on p.managed_group_id = m.managed_group_id
      where a.user_id = any(${userIds})`;

const grantColumns = sql`g.role_id, r.scope_id as role_scope_id, g.canonical, gs.grant_scope_id`;

/** Grants of the roles that these users (an array expression) hold. */
export const selectGrants = (userIds: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  select ${grantColumns}
  from roles r
  join role_grants g on g.role_id = r.id
  join role_grant_scopes gs on gs.role_id = r.id
  where r.id in (select role_id from (${heldRoles(userIds)}) held)`;

export const loadGrants = (on: Executor, userIds: readonly string[]): Promise<GrantRow[]> =>
  rows(on, selectGrants(sql`${userIds}::text[]`));

/** The same with the user who holds each. */
export const loadGrantsByHolder = (
  on: Executor,
  userIds: readonly string[],
): Promise<(GrantRow & { holder: string })[]> =>
  rows(
    on,
    sql`select held.holder, ${grantColumns}
        from (${heldRoles(sql`${userIds}::text[]`)}) held
        join roles r on r.id = held.role_id
        join role_grants g on g.role_id = r.id
        join role_grant_scopes gs on gs.role_id = r.id`,
  );
