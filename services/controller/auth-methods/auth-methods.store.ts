/** SQL of auth methods, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { assignments, scopeColumn } from '../resources/rows';
import type { AuthMethodRow, PasswordAttribute } from './auth-methods';

export const selectAuthMethods = sql`
  select r.id, r.scope_id, r.type, r.name, r.description, r.created_time, r.updated_time, r.version, ${scopeColumn},
    coalesce(s.primary_auth_method_id = r.id, false) as is_primary, pm.min_login_name_length, pm.min_password_length
  from auth_methods r join scopes s on s.id = r.scope_id join password_auth_methods pm on pm.id = r.id`;

export const findAuthMethod = (on: Executor, id: string): Promise<AuthMethodRow | undefined> =>
  row(on, sql`${selectAuthMethods} where r.id = ${id}`);

export async function insertPasswordMethod(
  tx: Tx,
  _allowed: Allowed<'create'>,
  method: {
    id: string;
    scope_id: string;
    name: string | null;
    description: string | null;
    attributes: Record<PasswordAttribute, number>;
    now: Date;
  },
): Promise<void> {
  const { attributes, now } = method;
  await changed(
    tx,
    sql`insert into auth_methods (id, scope_id, type, name, description, created_time, updated_time)
        values (${method.id}, ${method.scope_id}, 'password', ${method.name}, ${method.description}, ${now}, ${now})`,
  );
  await changed(
    tx,
    sql`insert into password_auth_methods (id, min_login_name_length, min_password_length)
        values (${method.id}, ${attributes.min_login_name_length}, ${attributes.min_password_length})`,
  );
}

/** False when the version is not the current one. */
export async function updateAuthMethod(
  tx: Tx,
  allowed: Allowed<'update'>,
  change: {
    version: number;
    columns: Record<string, unknown>;
    attributes: Record<string, unknown>;
    now: Date;
  },
): Promise<boolean> {
  const { id } = allowed.resource;
  const set = { ...change.columns, version: change.version + 1, updated_time: change.now };
  const done = await changed(
    tx,
    sql`update auth_methods set ${assignments(set)} where id = ${id} and version = ${change.version}`,
  );
  if (done === 1 && Object.keys(change.attributes).length > 0) {
    await changed(tx, sql`update password_auth_methods set ${assignments(change.attributes)} where id = ${id}`);
  }
  return done === 1;
}

export async function deleteAuthMethod(tx: Tx, allowed: Allowed<'delete'>): Promise<boolean> {
  return (await changed(tx, sql`delete from auth_methods where id = ${allowed.resource.id}`)) === 1;
}

export interface LoginAccount {
  id: string;
  password_hash: string | null;
}

export const findLogin = (on: Executor, authMethodId: string, loginName: string): Promise<LoginAccount | undefined> =>
  row(
    on,
    sql`select id, password_hash from password_accounts
        where auth_method_id = ${authMethodId} and login_name = ${loginName}`,
  );

/** The account that logs in, locked so that two first logins make one user; undefined when it has just been deleted. */
export const lockLogin = (
  tx: Tx,
  accountId: string,
): Promise<{ user_id: string | null; scope_id: string; is_primary: boolean } | undefined> =>
  row(
    tx,
    sql`select a.user_id, a.scope_id, coalesce(s.primary_auth_method_id = a.auth_method_id, false) as is_primary
        from accounts a join scopes s on s.id = a.scope_id where a.id = ${accountId} for update of a`,
  );

/** Makes the user of an account that logs in for the first time. */
export async function insertUserOfLogin(
  tx: Tx,
  _allowed: Allowed<'authenticate'>,
  user: { id: string; scope_id: string; account_id: string; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into users (id, scope_id, created_time, updated_time)
        values (${user.id}, ${user.scope_id}, ${user.now}, ${user.now})`,
  );
  await changed(tx, sql`update accounts set user_id = ${user.id} where id = ${user.account_id}`);
}
