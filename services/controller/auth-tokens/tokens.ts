/**
 * Token texts: `at_<10 letters and digits>_s1<base58 secret>`. The database keeps an encrypted
 * SHA-256 of the secret, so neither a copy of it nor of the keys gives a usable token.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { newIdOf } from '../../../lib/contract/id-prefixes';
import { encodeBase58 } from '../../../lib/ids/base58';
import type { ControllerConfig } from '../config';
import { transaction, type Db, type Tx } from '../db/db';
import type { Kms } from '../kms/kms';
import type { AccessRow, Known, Places } from '../authz/authorizer.store';
import * as store from './auth-tokens.store';

export interface TokenDeps {
  config: Pick<ControllerConfig, 'authTokenTimeToLiveMs' | 'authTokenTimeToStaleMs'>;
  db: Db;
  kms: Kms;
}

const SECRET_BYTES = 32;
/** First letters of the secret part; tells its form. */
const SECRET_FORM = 's1';
/** Last use is written at most this often. */
export const LAST_USED_GRANULARITY_MS = 10 * 60_000;

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/**
 * The id and secret of a token's text; undefined when the text does not have the form of a token.
 */
export function splitToken(text: string): { id: string; secret: string } | undefined {
  const found = /^(at_[0-9A-Za-z]{10})_([0-9A-Za-z]{1,512})$/.exec(text);
  return found === null ? undefined : { id: found[1]!, secret: found[2]! };
}

export interface VerifiedToken {
  id: string;
  user_id: string;
  account_id: string;
  /**
   * The access of the user, of everybody who is logged in (`u_auth`), and of everybody (`u_anon`).
   */
  access: AccessRow[];
}

/**
 * Verifies a token and loads what its user has at the places. Undefined when the token is
 * malformed, unknown, wrong or too old; one that is too old is deleted.
 */
export async function verifyToken(
  deps: TokenDeps,
  text: string,
  now: Date,
  wanted: { places: Places; known: Known },
): Promise<VerifiedToken | undefined> {
  const parts = splitToken(text);
  if (parts === undefined) return undefined;
  const found = await store.findTokenToVerify(deps.db.executor, parts.id, wanted);
  if (found === undefined) return undefined;
  const { token, access } = found;
  const stored = await deps.kms.decrypt(deps.db.executor, token.key_id, token.token, {
    column: 'auth_tokens.token',
    row: token.id,
  });
  if (!timingSafeEqual(stored, digest(parts.secret))) return undefined;
  const used = token.approximate_last_used_time.getTime();
  const stale = used + deps.config.authTokenTimeToStaleMs <= now.getTime();
  if (stale || token.expiration_time <= now) {
    await transaction(deps.db, now, (tx) => store.deleteTokenById(tx, token.id));
    return undefined;
  }
  if (used + LAST_USED_GRANULARITY_MS <= now.getTime()) {
    await store.noteUse(deps.db.executor, token.id, now, LAST_USED_GRANULARITY_MS);
  }
  return { id: token.id, user_id: token.user_id, account_id: token.account_id, access };
}

/** Makes a token for a login; the answer holds its text, which is stored nowhere. */
export async function issueToken(
  deps: TokenDeps,
  tx: Tx,
  login: { scope_id: string; user_id: string; auth_method_id: string; account_id: string },
  now: Date,
): Promise<{ id: string; text: string; expiration_time: Date }> {
  const id = newIdOf('auth-token', 'token');
  const secret = SECRET_FORM + encodeBase58(randomBytes(SECRET_BYTES));
  const { ciphertext, keyId } = await deps.kms.encrypt(tx, login.scope_id, 'tokens', digest(secret), {
    column: 'auth_tokens.token',
    row: id,
  });
  const expiration_time = new Date(now.getTime() + deps.config.authTokenTimeToLiveMs);
  await store.insertToken(tx, { ...login, id, token: ciphertext, key_id: keyId, now, expiration_time });
  return { id, text: `${id}_${secret}`, expiration_time };
}
