/** SQL of auth methods, one function per use case. */
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import type { Columns } from './attribute-rules';
import type { AuthMethodRow, MethodType } from './auth-methods';

export const fromAuthMethods = sql`from auth_methods r left join oidc_auth_methods om on om.id = r.id
  left join ldap_auth_methods lm on lm.id = r.id`;

/** Secrets are not selected. Their HMACs show that they are set. */
export const selectAuthMethods = sql`
  select r.id, r.scope_id, r.type, r.name, r.description, r.created_time, r.updated_time, r.version, ${scopeColumn},
    coalesce(s.primary_auth_method_id = r.id, false) as is_primary,
    coalesce(pm.min_login_name_length, 0) as min_login_name_length,
    coalesce(pm.min_password_length, 0) as min_password_length,
    to_jsonb(om) - array['id', 'type', 'client_secret', 'client_secret_key_id'] as oidc,
    to_jsonb(lm) - array['id', 'type', 'client_certificate_key', 'client_certificate_key_id', 'bind_password',
      'bind_password_key_id'] as ldap
  ${fromAuthMethods} join scopes s on s.id = r.scope_id left join password_auth_methods pm on pm.id = r.id`;

/** What callers who are not logged in may know of. */
export const isPublic = sql`(r.type = 'password' or om.state = 'active-public' or lm.state = 'active-public')`;

const TABLES: Readonly<Record<MethodType, string>> = {
  password: 'password_auth_methods',
  oidc: 'oidc_auth_methods',
  ldap: 'ldap_auth_methods',
};

export const findAuthMethod = (on: Executor, id: string): Promise<AuthMethodRow | undefined> =>
  row(on, sql`${selectAuthMethods} where r.id = ${id}`);

/** `settings` are columns of the type's table. */
export async function insertAuthMethod(
  tx: Tx,
  allowed: Allowed<'auth-method', 'create'>,
  method: {
    type: MethodType;
    name: string | null;
    description: string | null;
    settings: Columns;
    now: Date;
  },
): Promise<void> {
  const { type, now } = method;
  const { id } = allowed;
  await changed(
    tx,
    sql`insert into auth_methods (id, scope_id, type, name, description, created_time, updated_time)
        values (${id}, ${allowed.scopeId}, ${type}, ${method.name}, ${method.description}, ${now}, ${now})`,
  );
  const columns = { id, ...method.settings };
  await changed(
    tx,
    sql`insert into ${sql.table(TABLES[type])} (${sql.join(Object.keys(columns).map((name) => sql.ref(name)))})
        values (${sql.join(Object.values(columns))})`,
  );
}

/** False when the version is not the current one. */
export function updateAuthMethod(
  tx: Tx,
  allowed: Allowed<'auth-method', 'update' | 'change-state'>,
  type: MethodType,
  change: Change & { settings: Columns },
): Promise<boolean> {
  return updateRow(tx, allowed, { ...change, beside: { table: TABLES[type], columns: change.settings } });
}

export const deleteAuthMethod = (tx: Tx, allowed: Allowed<'auth-method', 'delete'>): Promise<void> =>
  deleteRow(tx, allowed);

export interface LoginAccount {
  id: string;
  password_hash: string | null;
  /** Where it was logged in to; see login-networks.ts. */
  networks: Buffer[];
}

export const findLogin = (on: Executor, authMethodId: string, loginName: string): Promise<LoginAccount | undefined> =>
  row(
    on,
    sql`select id, password_hash, array(select network from login_networks where account_id = pa.id) as networks
        from password_accounts pa where auth_method_id = ${authMethodId} and login_name = ${loginName}`,
  );

/**
 * The account that logs in. Its row is locked so that two first logins make one user. Undefined
 * when the account has just been deleted, or when this hash is no longer that of its password.
 */
export const lockLogin = (
  tx: Tx,
  login: { id: string; password_hash: string | null },
): Promise<{ user_id: string | null; scope_id: string; is_primary: boolean } | undefined> =>
  row(
    tx,
    sql`select a.user_id, a.scope_id, coalesce(s.primary_auth_method_id = a.auth_method_id, false) as is_primary
        from accounts a join scopes s on s.id = a.scope_id join password_accounts pa on pa.id = a.id
        where a.id = ${login.id} and pa.password_hash = ${login.password_hash} for update of a, pa`,
  );

/** Makes the user of an account that logs in for the first time. */
export async function insertUserOfLogin(
  tx: Tx,
  allowed: Allowed<'auth-method', 'authenticate'>,
  user: { id: string; account_id: string; now: Date },
): Promise<void> {
  await changed(
    tx,
    sql`insert into users (id, scope_id, created_time, updated_time)
        values (${user.id}, ${allowed.scopeId}, ${user.now}, ${user.now})`,
  );
  await changed(
    tx,
    sql`update accounts set user_id = ${user.id}
        where id = ${user.account_id} and auth_method_id = ${allowed.id}`,
  );
}
