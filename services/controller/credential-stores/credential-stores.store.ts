/** SQL of credential stores, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { scopeColumn } from '../resources/rows';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import type { StoreRow } from './credential-stores';

const vaultColumn = sql`
  case when v.id is not null then jsonb_build_object('address', v.address, 'namespace', v.namespace,
    'ca_cert', v.ca_cert, 'tls_server_name', v.tls_server_name, 'tls_skip_verify', v.tls_skip_verify,
    'worker_filter', v.worker_filter, 'token_hmac', v.token_hmac, 'token_status', v.token_status,
    'client_certificate', v.client_certificate, 'client_certificate_key_hmac', v.client_certificate_key_hmac,
    'token_place', v.token_place, 'client_certificate_key_place', v.client_certificate_key_place) end as vault`;

export const selectStores = sql`
  select r.id, r.scope_id, r.type, r.name, r.description, r.created_time, r.updated_time, r.version, ${vaultColumn},
    ${scopeColumn}
  from credential_stores r join scopes s on s.id = r.scope_id left join vault_credential_stores v on v.id = r.id`;

export const findStore = (on: Executor, id: string): Promise<StoreRow | undefined> =>
  row(on, sql`${selectStores} where r.id = ${id}`);

/** What a Vault store keeps encrypted. */
export const findVaultSecrets = (
  on: Executor,
  id: string,
): Promise<{ token: Buffer; client_certificate_key: Buffer | null; key_id: string; version: number } | undefined> =>
  row(
    on,
    sql`select v.token, v.client_certificate_key, v.key_id, r.version
        from vault_credential_stores v join credential_stores r on r.id = v.id where v.id = ${id}`,
  );

export interface NewStoreRow {
  id: string;
  scope_id: string;
  type: string;
  columns: Record<string, unknown>;
  hmac_key: Buffer;
  key_id: string;
  now: Date;
}

export const insertStore = (
  tx: Tx,
  allowed: Allowed<'credential-store', 'create'>,
  store: Omit<NewStoreRow, 'id' | 'scope_id'>,
): Promise<void> => insertStoreRow(tx, { ...store, id: allowed.id, scope_id: allowed.scopeId });

/** Also used for what a deployment starts with. */
export async function insertStoreRow(
  tx: Tx,
  { id, scope_id, type, columns, hmac_key, key_id, now }: NewStoreRow,
): Promise<void> {
  const all = { id, scope_id, type, ...columns, hmac_key, key_id, created_time: now, updated_time: now };
  const names = sql.join(Object.keys(all).map((name) => sql.ref(name)));
  await changed(tx, sql`insert into credential_stores (${names}) values (${sql.join(Object.values(all))})`);
}

export async function insertVaultStore(
  tx: Tx,
  allowed: Allowed<'credential-store', 'create'>,
  columns: Record<string, unknown>,
): Promise<void> {
  const all = { id: allowed.id, ...columns };
  const names = sql.join(Object.keys(all).map((name) => sql.ref(name)));
  await changed(tx, sql`insert into vault_credential_stores (${names}) values (${sql.join(Object.values(all))})`);
}

/**
 * Changes the store and, for Vault stores, what they have beyond; false when the version is not the
 * current one.
 */
export const updateStore = (
  tx: Tx,
  allowed: Allowed<'credential-store', 'update'>,
  change: Change,
  vault: Record<string, unknown> | undefined,
): Promise<boolean> =>
  updateRow(tx, allowed, {
    ...change,
    beside: vault === undefined ? undefined : { table: 'vault_credential_stores', columns: vault },
  });

/** Credentials and libraries go with it, and targets lose them as sources. */
export const deleteStore = (tx: Tx, allowed: Allowed<'credential-store', 'delete'>): Promise<void> =>
  deleteRow(tx, allowed);
