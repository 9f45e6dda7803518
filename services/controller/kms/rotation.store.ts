/** SQL of key versions. */
import type { AllowedIn } from '../authz/authz';
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import type { DataKeyVersion as WrappedDataKey, RootKeyVersion } from './kms.store';
import { KEY_PURPOSES } from './purposes';

export type { WrappedDataKey };

/**
 * The scope's root key; its row is locked, so that versions are made and destroyed one after the
 * other.
 */
export const lockRootKey = (tx: Tx, scopeId: string): Promise<{ id: string } | undefined> =>
  row(tx, sql`select id from kms_root_keys where scope_id = ${scopeId} for update`);

const selectWrapped = sql`
  select d.id, d.wrapped_key, r.id as root_version_id, r.wrapped_key as wrapped_root, r.wrapping_key_id
  from kms_data_key_versions d join kms_root_key_versions r on r.id = d.root_key_version_id`;

export const dataKeyVersions = (tx: Tx, rootKeyId: string): Promise<WrappedDataKey[]> =>
  rows(tx, sql`${selectWrapped} where r.root_key_id = ${rootKeyId}`);

export const dataKeyVersionsUnder = (tx: Tx, rootVersionId: string): Promise<WrappedDataKey[]> =>
  rows(tx, sql`${selectWrapped} where r.id = ${rootVersionId}`);

/** Newest version of the root key that this version is of. */
export const newestRootVersion = (tx: Tx, rootVersionId: string): Promise<RootKeyVersion | undefined> =>
  row(
    tx,
    sql`select id as root_version_id, wrapped_key as wrapped_root, wrapping_key_id from kms_root_key_versions
        where root_key_id = (select root_key_id from kms_root_key_versions where id = ${rootVersionId})
        order by version desc limit 1`,
  );

export async function dataKeyIds(tx: Tx, rootKeyId: string): Promise<string[]> {
  const found = await rows<{ id: string }>(tx, sql`select id from kms_data_keys where root_key_id = ${rootKeyId}`);
  return found.map((key) => key.id);
}

export async function insertRootVersion(
  tx: Tx,
  version: { id: string; rootKeyId: string; wrapped: Buffer; wrappingKeyId: string; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into kms_root_key_versions (id, root_key_id, version, wrapped_key, wrapping_key_id, created_time)
        select ${version.id}, ${version.rootKeyId}, max(version) + 1, ${version.wrapped}, ${version.wrappingKeyId},
          ${version.now}::timestamptz
        from kms_root_key_versions where root_key_id = ${version.rootKeyId}`,
  );
}

export async function insertDataVersion(
  tx: Tx,
  version: { id: string; dataKeyId: string; rootVersionId: string; wrapped: Buffer; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into kms_data_key_versions (id, data_key_id, root_key_version_id, version, wrapped_key, created_time)
        select ${version.id}, ${version.dataKeyId}, ${version.rootVersionId}, max(version) + 1, ${version.wrapped},
          ${version.now}::timestamptz
        from kms_data_key_versions where data_key_id = ${version.dataKeyId}`,
  );
}

export async function wrapDataVersion(tx: Tx, id: string, rootVersionId: string, wrapped: Buffer): Promise<void> {
  await changed(
    tx,
    sql`update kms_data_key_versions set wrapped_key = ${wrapped}, root_key_version_id = ${rootVersionId}
        where id = ${id}`,
  );
}

/** A key of a scope with its versions, newest first. */
export interface KeyRow {
  id: string;
  purpose: string;
  type: 'kek' | 'dek';
  created_time: Date;
  versions: { id: string; version: number; created_time: string }[];
}

const versionsOf = (table: string, column: string) => sql`
  (select jsonb_agg(jsonb_build_object('id', v.id, 'version', v.version, 'created_time', v.created_time)
      order by v.version desc)
    from ${sql.table(table)} v where v.${sql.ref(column)} = k.id) as versions`;

export const keysOf = (on: Executor, { scopeId }: AllowedIn<'scope', 'list-keys'>): Promise<KeyRow[]> =>
  rows(
    on,
    sql`select * from (
          select k.id, 'rootKey' as purpose, 'kek' as type, k.created_time,
            ${versionsOf('kms_root_key_versions', 'root_key_id')}
          from kms_root_keys k where k.scope_id = ${scopeId}
          union all
          select k.id, k.purpose, 'dek', k.created_time, ${versionsOf('kms_data_key_versions', 'data_key_id')}
          from kms_data_keys k join kms_root_keys r on r.id = k.root_key_id where r.scope_id = ${scopeId}
        ) keys order by type desc, array_position(${[...KEY_PURPOSES]}::text[], purpose)`,
  );

/** A key version of a scope, as far as its destruction needs it. */
export interface VersionToDestroy {
  id: string;
  type: 'kek' | 'dek';
  purpose: string;
  newest: boolean;
}

export const versionToDestroy = (tx: Tx, scopeId: string, id: string): Promise<VersionToDestroy | undefined> =>
  row(
    tx,
    sql`select v.id, 'kek' as type, 'rootKey' as purpose,
          v.version = (select max(o.version) from kms_root_key_versions o where o.root_key_id = v.root_key_id) as newest
        from kms_root_key_versions v join kms_root_keys k on k.id = v.root_key_id
        where v.id = ${id} and k.scope_id = ${scopeId}
        union all
        select v.id, 'dek', d.purpose,
          v.version = (select max(o.version) from kms_data_key_versions o where o.data_key_id = v.data_key_id)
        from kms_data_key_versions v join kms_data_keys d on d.id = v.data_key_id
          join kms_root_keys k on k.id = d.root_key_id
        where v.id = ${id} and k.scope_id = ${scopeId}`,
  );

export const deleteRootVersion = (tx: Tx, id: string): Promise<number> =>
  changed(tx, sql`delete from kms_root_key_versions where id = ${id}`);

export const deleteDataVersion = (tx: Tx, id: string): Promise<number> =>
  changed(tx, sql`delete from kms_data_key_versions where id = ${id}`);
