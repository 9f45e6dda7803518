/** SQL of the credential sources of targets. */
import type { Allowed } from '../authz/authz';
import { changed, rows, sql, type Tx } from '../db/db';
import type { ListEdit } from '../resources/list-edits';

export async function brokeredSourceIds(
  tx: Tx,
  allowed: Allowed<'target', ListEdit<'credential-sources'>>,
): Promise<string[]> {
  const found = await rows<{ source_id: string }>(
    tx,
    sql`select source_id from target_credential_sources where target_id = ${allowed.id} and purpose = 'brokered'`,
  );
  return found.map((source) => source.source_id);
}

/**
 * Adds the sources that are in the target's project; answers their number. One that the target has
 * already breaks uniqueness.
 */
export const addBrokeredSources = (
  tx: Tx,
  allowed: Allowed<'target', 'add-credential-sources' | 'set-credential-sources'>,
  ids: readonly string[],
): Promise<number> =>
  changed(
    tx,
    sql`insert into target_credential_sources (target_id, scope_id, purpose, credential_id, credential_library_id)
        select ${allowed.id}, ${allowed.scopeId}, 'brokered', s.credential_id, s.library_id
        from (select id, id as credential_id, null as library_id, scope_id from credentials
          union all
          select id, null, id, scope_id from credential_libraries) s
        where s.id = any(${ids}::text[]) and s.scope_id = ${allowed.scopeId}
        order by array_position(${ids}::text[], s.id)`,
  );

export const removeBrokeredSources = (
  tx: Tx,
  allowed: Allowed<'target', 'remove-credential-sources' | 'set-credential-sources'>,
  ids: readonly string[],
): Promise<number> =>
  changed(
    tx,
    sql`delete from target_credential_sources
        where target_id = ${allowed.id} and purpose = 'brokered' and source_id = any(${ids}::text[])`,
  );
