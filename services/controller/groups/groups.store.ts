/** SQL of groups, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { assignments, scopeColumn } from '../resources/rows';
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
  _allowed: Allowed<'create'>,
  group: { id: string; scope_id: string; name: string | null; description: string | null; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into groups (id, scope_id, name, description, created_time, updated_time)
        values (${group.id}, ${group.scope_id}, ${group.name}, ${group.description}, ${group.now}, ${group.now})`,
  );
}

/** False when the version is not the current one. */
export async function updateGroup(
  tx: Tx,
  allowed: Allowed,
  change: { version: number; columns: Record<string, unknown>; now: Date },
): Promise<boolean> {
  const columns = { ...change.columns, version: change.version + 1, updated_time: change.now };
  return (
    (await changed(
      tx,
      sql`update groups set ${assignments(columns)} where id = ${allowed.resource.id} and version = ${change.version}`,
    )) === 1
  );
}

export async function deleteGroup(tx: Tx, allowed: Allowed<'delete'>): Promise<boolean> {
  return (await changed(tx, sql`delete from groups where id = ${allowed.resource.id}`)) === 1;
}

/** Adds users that exist and are not members yet; the number added. */
export function addMembers(tx: Tx, allowed: Allowed, userIds: readonly string[]): Promise<number> {
  return changed(
    tx,
    sql`insert into group_members (group_id, user_id)
        select ${allowed.resource.id}, id from users where id = any(${userIds}::text[])
        order by array_position(${userIds}::text[], id)
        on conflict do nothing`,
  );
}

export function removeMembers(tx: Tx, allowed: Allowed, userIds: readonly string[]): Promise<number> {
  return changed(
    tx,
    sql`delete from group_members where group_id = ${allowed.resource.id} and user_id = any(${userIds}::text[])`,
  );
}
