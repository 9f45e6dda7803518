/** SQL of accounts, one function per use case. */
import type { MethodType } from '../auth-methods/auth-methods';
import type { Allowed } from '../authz/authz';
import { changed, row, sql, type Executor, type RawBuilder, type Tx } from '../db/db';
import { deleteRow, updateRow, type Change } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import type { AccountRow } from './accounts';

const columns = sql`r.id, r.scope_id, r.auth_method_id, r.type, r.name, r.description, r.created_time, r.updated_time,
  r.version, ${scopeColumn}, pa.login_name,
  coalesce(to_jsonb(oa), to_jsonb(la)) - array['id', 'auth_method_id', 'type'] as details`;
const tables = sql`accounts r join scopes s on s.id = r.scope_id left join password_accounts pa on pa.id = r.id
  left join oidc_accounts oa on oa.id = r.id left join ldap_accounts la on la.id = r.id`;

export const selectAccounts = sql`select ${columns} from ${tables}`;

export const findAccount = (on: Executor, id: string): Promise<AccountRow | undefined> =>
  row(
    on,
    sql`select ${columns}, array(select m.managed_group_id from managed_group_members m where m.account_id = r.id
          order by 1) as managed_group_ids
        from ${tables} where r.id = ${id}`,
  );

/** What changing a password needs to know. */
export const findPassword = (
  on: Executor,
  allowed: Allowed<'account', 'update' | 'set-password' | 'change-password'>,
): Promise<{ password_hash: string | null; min_password_length: number; min_login_name_length: number } | undefined> =>
  row(
    on,
    sql`select pa.password_hash, pm.min_password_length, pm.min_login_name_length
        from password_accounts pa join password_auth_methods pm on pm.id = pa.auth_method_id where pa.id = ${allowed.id}`,
  );

export interface AccountToInsert {
  type: MethodType;
  name: string | null;
  description: string | null;
  now: Date;
  /** password, ldap */
  login_name: string;
  password_hash: string | null;
  /** oidc */
  subject: string;
  issuer: string;
}

export async function insertAccount(
  tx: Tx,
  allowed: Allowed<'account', 'create'>,
  account: AccountToInsert,
): Promise<void> {
  const { type, now } = account;
  const { id } = allowed;
  await changed(
    tx,
    sql`insert into accounts (id, auth_method_id, scope_id, type, name, description, created_time, updated_time)
        values (${id}, ${allowed.pin}, ${allowed.scopeId}, ${type}, ${account.name}, ${account.description},
          ${now}, ${now})`,
  );
  await changed(tx, DETAILS[type](allowed, account));
  // A deleted account with a derived id comes back under the same id. List refreshes must then no
  // longer report it as deleted.
  if (type !== 'password')
    await changed(tx, sql`delete from tombstones where resource_type = 'account' and id = ${id}`);
}

type Details = (allowed: Allowed<'account', 'create'>, account: AccountToInsert) => RawBuilder<unknown>;

const DETAILS: Readonly<Record<MethodType, Details>> = {
  password: ({ id, pin }, { login_name, password_hash }) => sql`
    insert into password_accounts (id, auth_method_id, login_name, password_hash)
    values (${id}, ${pin}, ${login_name}, ${password_hash})`,
  oidc: ({ id, pin }, { issuer, subject }) => sql`
    insert into oidc_accounts (id, auth_method_id, issuer, subject)
    values (${id}, ${pin}, ${issuer}, ${subject})`,
  ldap: ({ id, pin }, { login_name }) => sql`
    insert into ldap_accounts (id, auth_method_id, login_name) values (${id}, ${pin}, ${login_name})`,
};

/** `password` holds columns of the password part. False when the version is not the current one. */
export function updateAccount(
  tx: Tx,
  allowed: Allowed<'account', 'update' | 'set-password' | 'change-password'>,
  change: Change & { password: Record<string, unknown> },
): Promise<boolean> {
  return updateRow(tx, allowed, { ...change, beside: { table: 'password_accounts', columns: change.password } });
}

export const deleteAccount = (tx: Tx, allowed: Allowed<'account', 'delete'>): Promise<void> => deleteRow(tx, allowed);

/** Deletes the account's tokens except one, and ends the sessions that were opened with them. */
export const endTokens = (
  tx: Tx,
  allowed: Allowed<'account', 'set-password' | 'change-password'>,
  exceptId = '',
): Promise<number> => changed(tx, sql`delete from auth_tokens where account_id = ${allowed.id} and id <> ${exceptId}`);
