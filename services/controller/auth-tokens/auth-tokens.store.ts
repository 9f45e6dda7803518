/** SQL of auth tokens, one function per use case. */
import { accessOfToken, type AccessRow, type Known, type Places } from '../authz/authorizer.store';
import type { Allowed } from '../authz/authz';
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import { scopeColumn } from '../resources/rows';
import type { AuthTokenRow } from './auth-tokens';

export const selectTokens = sql`
  select r.id, r.scope_id, r.user_id, r.auth_method_id, r.account_id, r.created_time, r.updated_time,
    r.approximate_last_used_time, r.expiration_time, ${scopeColumn}
  from auth_tokens r join scopes s on s.id = r.scope_id`;

export const findToken = (on: Executor, id: string): Promise<AuthTokenRow | undefined> =>
  row(on, sql`${selectTokens} where r.id = ${id}`);

export interface TokenToVerify {
  id: string;
  user_id: string;
  account_id: string;
  token: Buffer;
  key_id: string;
  approximate_last_used_time: Date;
  expiration_time: Date;
}

/** All that a request with a token needs, in one statement. */
export async function findTokenToVerify(
  on: Executor,
  id: string,
  { places, known }: { places: Places; known: Known },
): Promise<{ token: TokenToVerify; access: AccessRow[] } | undefined> {
  const found = await rows<TokenToVerify & (AccessRow | { holder: null })>(
    on,
    sql`with token as (
          select id, user_id, account_id, token, key_id, approximate_last_used_time, expiration_time
          from auth_tokens where id = ${id}
        ), ${accessOfToken(places, known)}
        select token.*, access.* from token left join access on true`,
  );
  return found[0] && { token: found[0], access: found.filter((one) => one.holder !== null) };
}

/** Writes the time of the last use, unless another request has just written it. */
export async function noteUse(on: Executor, id: string, now: Date, granularityMs: number): Promise<void> {
  await changed(
    on,
    sql`update auth_tokens set approximate_last_used_time = ${now}, updated_time = ${now}
        where id = ${id} and approximate_last_used_time <= ${new Date(now.getTime() - granularityMs)}`,
  );
}

export async function insertToken(
  tx: Tx,
  token: {
    id: string;
    scope_id: string;
    user_id: string;
    auth_method_id: string;
    account_id: string;
    token: Buffer;
    key_id: string;
    now: Date;
    expiration_time: Date;
  },
): Promise<void> {
  await changed(
    tx,
    sql`insert into auth_tokens (id, scope_id, user_id, auth_method_id, account_id, token, key_id, created_time,
          updated_time, approximate_last_used_time, expiration_time)
        values (${token.id}, ${token.scope_id}, ${token.user_id}, ${token.auth_method_id}, ${token.account_id},
          ${token.token}, ${token.key_id}, ${token.now}, ${token.now}, ${token.now}, ${token.expiration_time})`,
  );
}

/** Deletes a token that was used after its end. */
export async function deleteTokenById(tx: Tx, id: string): Promise<void> {
  await announceExpiry(tx);
  await changed(tx, sql`delete from auth_tokens where id = ${id}`);
}

/** Deletes tokens that have expired, or were last used before `stale`. */
export async function deleteExpiredTokens(tx: Tx, now: Date, stale: Date): Promise<void> {
  await announceExpiry(tx);
  await changed(
    tx,
    sql`delete from auth_tokens where expiration_time <= ${now} or approximate_last_used_time <= ${stale}`,
  );
}

/**
 * Marks that the tokens which this transaction deletes have expired. Only sessions that are set to
 * end with their token end then.
 */
const announceExpiry = (tx: Tx): Promise<unknown> =>
  sql`select set_config('sallyport.token_expiry', 'on', true)`.execute(tx);

export const deleteToken = (tx: Tx, allowed: Allowed<'auth-token', 'delete' | 'delete:self'>): Promise<number> =>
  changed(tx, sql`delete from auth_tokens where id = ${allowed.id}`);
