/** What `database init` and dev mode make first: the deployment's id, the keys of the global scope, the authorities. */
import { createHmac, randomBytes } from 'node:crypto';
import { randomBase62 } from '../../../lib/ids/ids';
import type { Executor, Tx } from '../db/db';
import type { Kms } from '../kms/kms';
import { createAuthorities } from './authority';
import * as store from './authority.store';

const TOFU_KEY_BYTES = 32;

/** Makes the deployment in an empty, migrated database; answers its id. */
export async function createDeployment(tx: Tx, kms: Kms, now: Date): Promise<string> {
  const id = randomBase62(16);
  await store.insertDeployment(tx, id, now);
  await kms.createScopeKeys(tx, 'global', now);
  await createAuthorities(tx, kms, id, now);
  const key = await kms.encrypt(tx, 'global', 'database', randomBytes(TOFU_KEY_BYTES), 'deployment key tofu');
  await store.insertDeploymentKey(tx, 'tofu', key, now);
  return id;
}

/** HMAC of first-use tokens, as sessions store it. */
export type TofuHmac = (token: string) => Buffer;

/** Loads the deployment's key for first-use tokens into memory. */
export async function loadTofuHmac(on: Executor, kms: Kms): Promise<TofuHmac> {
  const stored = await store.selectDeploymentKey(on, 'tofu');
  if (stored === undefined) throw new Error('the database holds no deployment: run "sallyport database init"');
  const key = await kms.decrypt(on, stored.key_id, stored.key, 'deployment key tofu');
  return (token) => createHmac('sha256', key).update(token).digest();
}
