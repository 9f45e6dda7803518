/** SQL of groups, one function per use case. */
import type { AllowedToAdd, AllowedToRemove } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { scopeColumn, type ItemRow } from '../resources/rows';

export interface GroupRow extends ItemRow {
  scope_id: string;
  /** Absent in lists. */
  members?: { id: string; scope_id: string }[];
}

export const selectGroups = sql`
  select r.id, r.scope_id, r.name, r.description, r.created_time, r.updated_time, r.version, ${scopeColumn}
  from groups r join scopes s on s.id = r.scope_id`;

export function findGroup(on: Executor, id: string): Promise<GroupRow | undefined> {
  return row(
    on,
    sql`
      select r.id, r.scope_id, r.name, r.description, r.created_time, r.updated_time, r.version, ${scopeColumn},
        coalesce((select jsonb_agg(jsonb_build_object('id', u.id, 'scope_id', u.scope_id) order by m.position)
          from group_members m join users u on u.id = m.user_id where m.group_id = r.id), '[]') as members
      from groups r join scopes s on s.id = r.scope_id
      where r.id = ${id}`,
  );
}

/** Adds users that exist and are not members yet; the number added. */
export function addMembers(
  tx: Tx,
  allowed: AllowedToAdd<'group', 'members'>,
  userIds: readonly string[],
): Promise<number> {
  return changed(
    tx,
    sql`insert into group_members (group_id, user_id)
        select ${allowed.id}, id from users where id = any(${userIds}::text[])
        order by array_position(${userIds}::text[], id)
        on conflict do nothing`,
  );
}

export function removeMembers(
  tx: Tx,
  allowed: AllowedToRemove<'group', 'members'>,
  userIds: readonly string[],
): Promise<number> {
  return changed(
    tx,
    sql`delete from group_members where group_id = ${allowed.id} and user_id = any(${userIds}::text[])`,
  );
}
