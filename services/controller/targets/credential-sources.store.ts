/** SQL of the credential sources of targets. */
import type { Allowed } from '../authz/authz';
import { changed, rows, sql, type Tx } from '../db/db';

export async function brokeredSourceIds(tx: Tx, targetId: string): Promise<string[]> {
  const found = await rows<{ source_id: string }>(
    tx,
    sql`select source_id from target_credential_sources where target_id = ${targetId} and purpose = 'brokered'`,
  );
  return found.map((source) => source.source_id);
}

/** Adds those that are in the target's project; the number added. One that is there breaks uniqueness. */
export const addBrokeredSources = (tx: Tx, { resource }: Allowed, ids: readonly string[]): Promise<number> =>
  changed(
    tx,
    sql`insert into target_credential_sources (target_id, scope_id, purpose, credential_id, credential_library_id)
        select ${resource.id}, scope_id, 'brokered', id, null from credentials
          where id = any(${ids}::text[]) and scope_id = ${resource.scopeId}
        union all
        select ${resource.id}, scope_id, 'brokered', null, id from credential_libraries
          where id = any(${ids}::text[]) and scope_id = ${resource.scopeId}`,
  );

export const removeBrokeredSources = (tx: Tx, { resource }: Allowed, ids: readonly string[]): Promise<number> =>
  changed(
    tx,
    sql`delete from target_credential_sources
        where target_id = ${resource.id} and purpose = 'brokered' and source_id = any(${ids}::text[])`,
  );
