/** SQL of credentials, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import type { CredentialRow } from './credentials';

export const selectCredentials = sql`
  select r.id, r.scope_id, r.credential_store_id, r.type, r.name, r.description, r.username, r.domain, r.password_hmac,
    r.private_key_hmac, r.private_key_passphrase_hmac, r.object_hmac, r.created_time, r.updated_time, r.version,
    ${scopeColumn}
  from credentials r join scopes s on s.id = r.scope_id`;

export const findCredential = (on: Executor, id: string): Promise<CredentialRow | undefined> =>
  row(on, sql`${selectCredentials} where r.id = ${id}`);

/** What is encrypted, with the version that it belongs to. */
export const findSecret = (
  on: Executor,
  id: string,
): Promise<{ secret: Buffer; key_id: string; version: number } | undefined> =>
  row(on, sql`select secret, key_id, version from credentials where id = ${id}`);

export async function insertCredential(
  tx: Tx,
  allowed: Allowed<'credential', 'create'>,
  credential: { type: string; columns: Record<string, unknown>; now: Date },
): Promise<void> {
  const all = {
    id: allowed.id,
    credential_store_id: allowed.pin,
    scope_id: allowed.scopeId,
    type: credential.type,
    ...credential.columns,
    created_time: credential.now,
    updated_time: credential.now,
  };
  const names = sql.join(Object.keys(all).map((name) => sql.ref(name)));
  await changed(tx, sql`insert into credentials (${names}) values (${sql.join(Object.values(all))})`);
}

export const updateCredential = (tx: Tx, allowed: Allowed<'credential', 'update'>, change: Change): Promise<boolean> =>
  updateRow(tx, allowed, change);

/** Targets lose it as a source. */
export const deleteCredential = (tx: Tx, allowed: Allowed<'credential', 'delete'>): Promise<void> =>
  deleteRow(tx, allowed);

/** One source of brokered credentials of a target. */
export interface BrokeredSource {
  id: string;
  name: string | null;
  description: string | null;
  credential_store_id: string;
  /** Of the library; null for static credentials. */
  library_type: string | null;
  credential_type: string | null;
  username: string | null;
  domain: string | null;
  secret: Buffer | null;
  key_id: string | null;
}

export const brokeredSources = (on: Executor, targetId: string): Promise<BrokeredSource[]> =>
  rows(
    on,
    sql`select t.source_id as id, coalesce(c.name, l.name) as name, coalesce(c.description, l.description) as description,
          coalesce(c.credential_store_id, l.credential_store_id) as credential_store_id, l.type as library_type,
          coalesce(c.type, l.credential_type) as credential_type, c.username, c.domain, c.secret, c.key_id
        from target_credential_sources t
        left join credentials c on c.id = t.credential_id
        left join credential_libraries l on l.id = t.credential_library_id
        where t.target_id = ${targetId} and t.purpose = 'brokered'
        order by t.position`,
  );
