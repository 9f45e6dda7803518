/**
 * SQL of managed groups, one function per use case. Members are kept by logins and, for ldap, by
 * triggers.
 */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import type { ManagedGroupRow, ManagedGroupType } from './managed-groups';

const columns = sql`r.id, r.scope_id, r.auth_method_id, r.type, r.name, r.description, r.filter, r.group_names,
  r.created_time, r.updated_time, r.version, ${scopeColumn}`;

export const selectManagedGroups = sql`select ${columns} from managed_groups r join scopes s on s.id = r.scope_id`;

export const findManagedGroup = (on: Executor, id: string): Promise<ManagedGroupRow | undefined> =>
  row(
    on,
    sql`select ${columns}, array(select m.account_id from managed_group_members m where m.managed_group_id = r.id
          order by 1) as member_ids
        from managed_groups r join scopes s on s.id = r.scope_id where r.id = ${id}`,
  );

export async function insertManagedGroup(
  tx: Tx,
  allowed: Allowed<'managed-group', 'create'>,
  group: {
    type: ManagedGroupType;
    name: string | null;
    description: string | null;
    filter: string | null;
    group_names: string[] | null;
    now: Date;
  },
): Promise<void> {
  await changed(
    tx,
    sql`insert into managed_groups (id, auth_method_id, scope_id, type, name, description, filter, group_names,
          created_time, updated_time)
        values (${allowed.id}, ${allowed.pin}, ${allowed.scopeId}, ${group.type}, ${group.name},
          ${group.description}, ${group.filter}, ${group.group_names}, ${group.now}, ${group.now})`,
  );
}

/** False when the version is not the current one. */
export const updateManagedGroup = (
  tx: Tx,
  allowed: Allowed<'managed-group', 'update'>,
  change: Change,
): Promise<boolean> => updateRow(tx, allowed, change);

export const deleteManagedGroup = (tx: Tx, allowed: Allowed<'managed-group', 'delete'>): Promise<void> =>
  deleteRow(tx, allowed);
