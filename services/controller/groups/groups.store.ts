/** SQL of groups, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import type { ListEdit } from '../resources/list-edits';
import { scopeColumn } from '../resources/rows';
import type { GroupRow } from './groups';

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

export async function insertGroup(
  tx: Tx,
  allowed: Allowed<'group', 'create'>,
  group: { name: string | null; description: string | null; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into groups (id, scope_id, name, description, created_time, updated_time)
        values (${allowed.id}, ${allowed.scopeId}, ${group.name}, ${group.description}, ${group.now}, ${group.now})`,
  );
}

/** False when the version is not the current one. */
export const updateGroup = (
  tx: Tx,
  allowed: Allowed<'group', 'update' | ListEdit<'members'>>,
  change: Change,
): Promise<boolean> => updateRow(tx, allowed, change);

export const deleteGroup = (tx: Tx, allowed: Allowed<'group', 'delete'>): Promise<void> => deleteRow(tx, allowed);

/** Adds users that exist and are not members yet; the number added. */
export function addMembers(
  tx: Tx,
  allowed: Allowed<'group', 'add-members' | 'set-members'>,
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
  allowed: Allowed<'group', 'remove-members' | 'set-members'>,
  userIds: readonly string[],
): Promise<number> {
  return changed(
    tx,
    sql`delete from group_members where group_id = ${allowed.id} and user_id = any(${userIds}::text[])`,
  );
}
