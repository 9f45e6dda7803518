/**
 * Recovery login: a request whose token the recovery key made is the user `u_recovery`, who may do
 * everything, once.
 */
import type { AeadKey } from '../../../lib/config/aead-key';
import { openRecoveryToken, RecoveryTokenError } from '../../../lib/recovery/recovery-token';
import type { Db } from '../db/db';
import type { Op } from '../rpc/service';
import * as store from './recovery.store';

export const RECOVERY_USER = 'u_recovery';

/**
 * Whether the token is valid. Uses up its nonce for all controllers of the deployment. A bad token
 * makes an anonymous caller, so the log says what is wrong with it.
 */
export async function acceptRecoveryToken(
  { db, recoveryKey }: { db: Db; recoveryKey: AeadKey | undefined },
  op: Op,
  text: string,
): Promise<boolean> {
  const now = op.clock.now();
  const reason = await refusal(db, recoveryKey, text, now);
  const line = { client: op.clientAddress };
  if (reason === undefined) op.log.warn(line, 'the recovery key was used');
  else op.log.warn({ ...line, reason }, 'a recovery token was refused');
  return reason === undefined;
}

/** Whether the recovery key made the token; says nothing of whether it was used before. */
export function opensRecoveryToken(key: AeadKey | undefined, text: string, now: Date): boolean {
  if (key === undefined) return false;
  try {
    openRecoveryToken(key, text, now);
    return true;
  } catch (error) {
    if (error instanceof RecoveryTokenError) return false;
    throw error;
  }
}

async function refusal(db: Db, key: AeadKey | undefined, text: string, now: Date): Promise<string | undefined> {
  if (key === undefined) return 'this controller has no recovery key: configure a "kms" block with purpose "recovery"';
  try {
    const token = openRecoveryToken(key, text, now);
    return (await store.useNonce(db.executor, token)) ? undefined : 'it was used before';
  } catch (error) {
    if (error instanceof RecoveryTokenError) return error.message;
    throw error;
  }
}
