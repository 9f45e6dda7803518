/** SQL of aliases, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import type { AliasRow } from './aliases';
import type { AliasValues } from './aliases.fields';

export const selectAliases = sql`
  select r.id, r.scope_id, r.type, r.name, r.description, r.value, r.destination_id, r.host_id, r.created_time,
    r.updated_time, r.version, ${scopeColumn}
  from aliases r join scopes s on s.id = r.scope_id`;

export const findAlias = (on: Executor, id: string): Promise<AliasRow | undefined> =>
  row(on, sql`${selectAliases} where r.id = ${id}`);

/** Aliases that lead to a target, with the scope of that target instead of their own. */
export const selectLeadingAliases = sql`
  select r.id, r.scope_id, r.type, r.name, r.description, r.value, r.destination_id, r.host_id, r.created_time,
    r.updated_time, r.version, ${scopeColumn}
  from aliases r join targets t on t.id = r.destination_id join scopes s on s.id = t.scope_id`;

/** What an alias stands for; undefined when there is no such alias or it leads nowhere. */
export const resolveAlias = (
  on: Executor,
  value: string,
): Promise<{ destination_id: string; host_id: string | null } | undefined> =>
  row(
    on,
    sql`select destination_id, host_id from aliases
        where lower(value) = lower(${value}) and destination_id is not null`,
  );

export async function insertAlias(
  tx: Tx,
  allowed: Allowed<'alias', 'create'>,
  alias: AliasValues & { name: string | null; description: string | null; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into aliases (id, scope_id, type, name, description, value, destination_id, host_id, created_time,
          updated_time)
        values (${allowed.id}, ${allowed.scopeId}, 'target', ${alias.name}, ${alias.description}, ${alias.value},
          ${alias.destination_id}, ${alias.host_id}, ${alias.now}, ${alias.now})`,
  );
}

/** False when the version is not the current one. */
export const updateAlias = (tx: Tx, allowed: Allowed<'alias', 'update'>, change: Change): Promise<boolean> =>
  updateRow(tx, allowed, change);

export const deleteAlias = (tx: Tx, allowed: Allowed<'alias', 'delete'>): Promise<void> => deleteRow(tx, allowed);
