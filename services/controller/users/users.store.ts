/** SQL of users, one function per use case. */
import type { AllowedToAdd, AllowedToRemove } from '../authz/authz';
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import { scopeColumn, type ItemRow } from '../resources/rows';

export interface UserRow extends ItemRow {
  scope_id: string;
  /** Absent in lists. */
  accounts?: { id: string; scope_id: string }[];
  /** Account in the primary auth method of the user's scope. */
  primary_account_id: string | null;
  login_name: string | null;
  full_name: string | null;
  email: string | null;
}

const columns = sql`r.id, r.scope_id, r.name, r.description, r.created_time, r.updated_time, r.version, ${scopeColumn},
  pa.id as primary_account_id, coalesce(pp.login_name, lp.login_name) as login_name,
  coalesce(op.full_name, lp.full_name) as full_name, coalesce(op.email, lp.email) as email`;
const tables = sql`users r join scopes s on s.id = r.scope_id
  left join accounts pa on pa.user_id = r.id and pa.auth_method_id = s.primary_auth_method_id
  left join password_accounts pp on pp.id = pa.id
  left join oidc_accounts op on op.id = pa.id
  left join ldap_accounts lp on lp.id = pa.id`;

export const selectUsers = sql`select ${columns} from ${tables}`;

export function findUser(on: Executor, id: string): Promise<UserRow | undefined> {
  return row(
    on,
    sql`select ${columns},
          coalesce((select jsonb_agg(jsonb_build_object('id', a.id, 'scope_id', a.scope_id) order by a.created_time, a.id)
            from accounts a where a.user_id = r.id), '[]') as accounts
        from ${tables} where r.id = ${id}`,
  );
}

/** Accounts with their place and owner, locked against concurrent edits of other users. */
export function lockAccounts(
  tx: Tx,
  ids: readonly string[],
): Promise<{ id: string; auth_method_id: string; scope_id: string; user_id: string | null }[]> {
  return rows(
    tx,
    sql`select id, auth_method_id, scope_id, user_id from accounts where id = any(${ids}::text[]) order by id for update`,
  );
}

/** Takes the accounts away from the user; their version stays, it is the user that changed. */
export function unlinkAccounts(
  tx: Tx,
  allowed: AllowedToRemove<'user', 'accounts'>,
  ids: readonly string[],
): Promise<number> {
  return changed(
    tx,
    sql`update accounts set user_id = null where user_id = ${allowed.id} and id = any(${ids}::text[])`,
  );
}

export function linkAccounts(
  tx: Tx,
  allowed: AllowedToAdd<'user', 'accounts'>,
  ids: readonly string[],
): Promise<number> {
  return changed(
    tx,
    sql`update accounts set user_id = ${allowed.id} where user_id is null and id = any(${ids}::text[])`,
  );
}

/** Whether the user has an account in one of the auth methods. */
export async function hasAccountIn(
  tx: Tx,
  allowed: AllowedToAdd<'user', 'accounts'>,
  authMethodIds: readonly string[],
): Promise<boolean> {
  const found = await row(
    tx,
    sql`select 1 as there from accounts
        where user_id = ${allowed.id} and auth_method_id = any(${authMethodIds}::text[]) limit 1`,
  );
  return found !== undefined;
}
