/** SQL of the nonces of recovery tokens. */
import { changed, sql, type Executor } from '../db/db';
import type { RecoveryToken } from '../../../lib/recovery/recovery-token';

/** False when the nonce was used before, by any controller. */
export async function useNonce(on: Executor, { nonce, expires }: RecoveryToken): Promise<boolean> {
  const inserted = await changed(
    on,
    sql`insert into recovery_nonces (nonce, expiration_time) values (${nonce}, ${expires}) on conflict do nothing`,
  );
  return inserted === 1;
}

/**
 * Clocks of controllers may differ by this much, ms: one of them may still accept what another one
 * calls expired.
 */
const MARGIN_MS = 3_600_000;

/** Deletes the nonces of tokens that no controller accepts any more. */
export async function deleteExpiredNonces(on: Executor, now: Date): Promise<void> {
  const before = new Date(now.getTime() - MARGIN_MS);
  await changed(on, sql`delete from recovery_nonces where expiration_time < ${before}`);
}
