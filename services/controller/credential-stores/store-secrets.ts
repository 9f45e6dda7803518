/**
 * How the secrets of a store are kept and shown: encrypted with the project's database key, and as
 * HMACs with a key of the store's own, so that the same secret has the same HMAC for as long as the
 * store lives.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { notFound } from '../authz/refusal';
import type { Executor } from '../db/db';
import { row, sql } from '../db/db';
import type { Encrypted, Kms } from '../kms/kms';

const HMAC_KEY_BYTES = 32;

/** Base64url of the HMAC of a text: 43 characters. */
export type Hmac = (text: string) => string;

export const hmacWith =
  (key: Uint8Array): Hmac =>
  (text) =>
    createHmac('sha256', key).update(text).digest('base64url');

/** A new store's HMAC key, in clear and as it is stored. */
export async function newHmacKey(
  kms: Kms,
  on: Executor,
  store: { id: string; scopeId: string },
): Promise<{ hmac: Hmac; sealed: Encrypted }> {
  const key = randomBytes(HMAC_KEY_BYTES);
  return { hmac: hmacWith(key), sealed: await kms.encrypt(on, store.scopeId, 'database', key, keyOf(store.id)) };
}

/** The HMAC of a store; 404 when the store is gone. */
export async function hmacOf(kms: Kms, on: Executor, storeId: string): Promise<Hmac> {
  const found = await row<{ hmac_key: Buffer; key_id: string }>(
    on,
    sql`select hmac_key, key_id from credential_stores where id = ${storeId}`,
  );
  if (found === undefined) throw notFound();
  return hmacWith(await kms.decrypt(on, found.key_id, found.hmac_key, keyOf(storeId)));
}

const keyOf = (row: string) => ({ column: 'credential_stores.hmac_key', row }) as const;

/** JSON with the keys of every object in order, so that equal objects give equal texts. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}
