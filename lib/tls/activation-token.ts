/**
 * The one-time token that enrolls a worker: `neslat_` and base58 of four fields of 32 bytes. The
 * hashes of the authorities' public keys let the worker trust the very first connection.
 */
import { decodeBase58, encodeBase58 } from '../ids/base58';
import { limit } from '../limits/limit';

const PREFIX = 'neslat_';
const FIELD_BYTES = 32;
/**
 * The longest text that is read: anybody may send one, and decoding costs the square of the length.
 */
const MAX_LENGTH = limit('activation token', 200, {
  what: 'an activation token of a worker',
  unit: 'characters',
  reached: 'the enrollment is refused: the token is malformed',
  test: 'lib/ids/base58.test.ts: a longer text than the caller wants is not decoded',
});

export interface ActivationToken {
  nonce: Buffer;
  hmacKey: Buffer;
  /** SHA-256 of the SubjectPublicKeyInfo of the current authority. */
  currentCaHash: Buffer;
  nextCaHash: Buffer;
}

export function encodeActivationToken(token: ActivationToken): string {
  const fields = [token.nonce, token.hmacKey, token.currentCaHash, token.nextCaHash];
  if (fields.some((field) => field.length !== FIELD_BYTES))
    throw new Error('each field of an activation token has 32 bytes');
  return PREFIX + encodeBase58(Buffer.concat(fields));
}

/** Undefined when the text is not an activation token. */
export function decodeActivationToken(text: string): ActivationToken | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX)) return undefined;
  const bytes = decodeBase58(trimmed.slice(PREFIX.length), MAX_LENGTH);
  if (bytes?.length !== 4 * FIELD_BYTES) return undefined;
  const field = (index: number) => bytes.subarray(index * FIELD_BYTES, (index + 1) * FIELD_BYTES);
  return { nonce: field(0), hmacKey: field(1), currentCaHash: field(2), nextCaHash: field(3) };
}
