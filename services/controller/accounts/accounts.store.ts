/** SQL of accounts, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { assignments, scopeColumn } from '../resources/rows';
import type { AccountRow } from './accounts';

export const selectAccounts = sql`
  select r.id, r.scope_id, r.auth_method_id, r.type, r.name, r.description, r.created_time, r.updated_time, r.version,
    pa.login_name, ${scopeColumn}
  from accounts r join scopes s on s.id = r.scope_id join password_accounts pa on pa.id = r.id`;

export const findAccount = (on: Executor, id: string): Promise<AccountRow | undefined> =>
  row(on, sql`${selectAccounts} where r.id = ${id}`);

/** What changing a password needs to know. */
export const findPassword = (
  on: Executor,
  id: string,
): Promise<{ password_hash: string | null; min_password_length: number; min_login_name_length: number } | undefined> =>
  row(
    on,
    sql`select pa.password_hash, pm.min_password_length, pm.min_login_name_length
        from password_accounts pa join password_auth_methods pm on pm.id = pa.auth_method_id where pa.id = ${id}`,
  );

export async function insertPasswordAccount(
  tx: Tx,
  _allowed: Allowed<'create'>,
  account: {
    id: string;
    auth_method_id: string;
    scope_id: string;
    name: string | null;
    description: string | null;
    login_name: string;
    password_hash: string | null;
    now: Date;
  },
): Promise<void> {
  const { id, auth_method_id, now } = account;
  await changed(
    tx,
    sql`insert into accounts (id, auth_method_id, scope_id, type, name, description, created_time, updated_time)
        values (${id}, ${auth_method_id}, ${account.scope_id}, 'password', ${account.name}, ${account.description},
          ${now}, ${now})`,
  );
  await changed(
    tx,
    sql`insert into password_accounts (id, auth_method_id, login_name, password_hash)
        values (${id}, ${auth_method_id}, ${account.login_name}, ${account.password_hash})`,
  );
}

/** `password` holds columns of the password part. False when the version is not the current one. */
export async function updateAccount(
  tx: Tx,
  allowed: Allowed,
  change: { version: number; columns: Record<string, unknown>; password: Record<string, unknown>; now: Date },
): Promise<boolean> {
  const { id } = allowed.resource;
  const set = { ...change.columns, version: change.version + 1, updated_time: change.now };
  const done = await changed(
    tx,
    sql`update accounts set ${assignments(set)} where id = ${id} and version = ${change.version}`,
  );
  if (done === 1 && Object.keys(change.password).length > 0) {
    await changed(tx, sql`update password_accounts set ${assignments(change.password)} where id = ${id}`);
  }
  return done === 1;
}

export async function deleteAccount(tx: Tx, allowed: Allowed<'delete'>): Promise<boolean> {
  return (await changed(tx, sql`delete from accounts where id = ${allowed.resource.id}`)) === 1;
}
