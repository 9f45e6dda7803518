/**
 * Recovery tokens: what the holder of the recovery key sends instead of an auth token when nobody
 * can log in. Each is for one request. The text is `r_1` and base58 of a sealed blob
 * (lib/config/sealed.ts) around the JSON
 * `{"nonce": <32 bytes, base64 without padding>, "creation_time": <RFC 3339>}`, the form of
 * Boundary's clients.
 */
import { randomBytes } from 'node:crypto';
import type { AeadKey } from '../config/aead-key';
import { openBlob, sealBlob } from '../config/sealed';
import { decodeBase58, encodeBase58 } from '../ids/base58';
import { limit } from '../limits/limit';

/** Form 1, the only one. */
const PREFIX = 'r_1';
const NONCE_BYTES = 32;
/**
 * The longest text that is read, several times the length of a real token. Anybody may send one,
 * and decoding costs the square of the length.
 */
const MAX_LENGTH = limit('recovery token', 1_024, {
  what: 'a recovery token',
  unit: 'characters',
  reached: 'the request is anonymous, like one with any bad token',
  test: 'lib/recovery/recovery-token.test.ts: a longer text is not decoded',
});
/** A token is good for this long, ms. */
const VALIDITY_MS = 5 * 60_000;
/** Clocks of clients may be ahead by this much, ms. */
const LEEWAY_MS = 60_000;

export interface RecoveryToken {
  /** To be accepted once. */
  nonce: Buffer;
  /** From here on the token is refused whatever its nonce. */
  expires: Date;
}

/** Why a token is refused; for the server's log, never with its text. */
export class RecoveryTokenError extends Error {
  override readonly name = 'RecoveryTokenError';
}

export const isRecoveryToken = (text: string): boolean => text.startsWith('r_');

/** A new token, for one request. */
export function makeRecoveryToken(key: AeadKey, now: Date): string {
  const nonce = randomBytes(NONCE_BYTES).toString('base64').replace(/=+$/, '');
  const info = JSON.stringify({ nonce, creation_time: now.toISOString() });
  return PREFIX + encodeBase58(sealBlob(key, info));
}

/** Throws {@link RecoveryTokenError} unless the key made the token within the last five minutes. */
export function openRecoveryToken(key: AeadKey, text: string, now: Date): RecoveryToken {
  if (text.length > MAX_LENGTH) throw new RecoveryTokenError('it is too long for one');
  if (!text.startsWith(PREFIX)) throw new RecoveryTokenError('it has not the form of this release');
  const info = readInfo(unseal(key, text.slice(PREFIX.length)));
  if (info === undefined) throw new RecoveryTokenError('its content is not readable');
  if (info.created > now.getTime() + LEEWAY_MS) {
    throw new RecoveryTokenError('it was made in the future: set the clocks of both machines');
  }
  const expires = new Date(info.created + VALIDITY_MS);
  if (expires <= now)
    throw new RecoveryTokenError('it has expired: set the clocks of both machines, or make a new one');
  return { nonce: info.nonce, expires };
}

function unseal(key: AeadKey, encoded: string): string {
  try {
    return openBlob(key, decodeBase58(encoded) ?? Buffer.alloc(0));
  } catch (cause) {
    throw new RecoveryTokenError('the recovery key of this controller did not make it', { cause });
  }
}

function readInfo(text: string): { nonce: Buffer; created: number } | undefined {
  let info: { nonce?: unknown; creation_time?: unknown } | null;
  try {
    info = JSON.parse(text) as typeof info;
  } catch {
    return undefined;
  }
  if (typeof info?.nonce !== 'string' || typeof info.creation_time !== 'string') return undefined;
  const nonce = Buffer.from(info.nonce, 'base64');
  const created = Date.parse(info.creation_time);
  return nonce.length === NONCE_BYTES && Number.isFinite(created) ? { nonce, created } : undefined;
}
