import { row, sql, type Executor, type Tx } from '../db/db';

/** A version of a scope's root key, wrapped by the configured root key. */
export interface RootKeyVersion {
  root_version_id: string;
  wrapped_root: Buffer;
  wrapping_key_id: string;
}

/** A data key version with the scope's root key version that wraps it. */
export interface DataKeyVersion extends RootKeyVersion {
  id: string;
  wrapped_key: Buffer;
}

const COLUMNS = sql`d.id, d.wrapped_key, r.id as root_version_id, r.wrapped_key as wrapped_root, r.wrapping_key_id`;

/** Newest version of a scope's data key: what new ciphertexts use. */
export function newestDataKey(on: Executor, scopeId: string, purpose: string): Promise<DataKeyVersion | undefined> {
  return row(
    on,
    sql`
      select ${COLUMNS}
      from kms_root_keys k
      join kms_data_keys p on p.root_key_id = k.id and p.purpose = ${purpose}
      join kms_data_key_versions d on d.data_key_id = p.id
      join kms_root_key_versions r on r.id = d.root_key_version_id
      where k.scope_id = ${scopeId}
      order by d.version desc
      limit 1`,
  );
}

/** One data key version. */
export function dataKey(on: Executor, id: string): Promise<DataKeyVersion | undefined> {
  return row(
    on,
    sql`
      select ${COLUMNS}
      from kms_data_key_versions d
      join kms_root_key_versions r on r.id = d.root_key_version_id
      where d.id = ${id}`,
  );
}

export interface NewRootKey {
  id: string;
  versionId: string;
  wrapped: Buffer;
  wrappingKeyId: string;
}

export interface NewDataKey {
  id: string;
  purpose: string;
  versionId: string;
  wrapped: Buffer;
}

/** The whole hierarchy of a scope, in one statement. */
export async function insertScopeKeys(
  tx: Tx,
  scopeId: string,
  root: NewRootKey,
  dataKeys: NewDataKey[],
  now: Date,
): Promise<void> {
  await sql`
    with root as (
      insert into kms_root_keys (id, scope_id, created_time) values (${root.id}, ${scopeId}, ${now}) returning id
    ), root_version as (
      insert into kms_root_key_versions (id, root_key_id, version, wrapped_key, wrapping_key_id, created_time)
      select ${root.versionId}, id, 1, ${root.wrapped}, ${root.wrappingKeyId}, ${now} from root
      returning id
    ), new_keys as (
      select * from unnest(
        ${dataKeys.map((k) => k.id)}::text[], ${dataKeys.map((k) => k.purpose)}::text[],
        ${dataKeys.map((k) => k.versionId)}::text[], ${dataKeys.map((k) => k.wrapped)}::bytea[]
      ) as t (id, purpose, version_id, wrapped_key)
    ), data_keys as (
      insert into kms_data_keys (id, root_key_id, purpose, created_time)
      select n.id, root.id, n.purpose, ${now} from new_keys n, root
    )
    insert into kms_data_key_versions (id, data_key_id, root_key_version_id, version, wrapped_key, created_time)
    select n.version_id, n.id, root_version.id, 1, n.wrapped_key, ${now} from new_keys n, root_version`.execute(tx);
}
