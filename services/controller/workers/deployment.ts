/**
 * What `database init` and dev mode make first: the deployment's id, the keys of the global scope,
 * the authorities.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { randomBase62 } from '../../../lib/ids/ids';
import type { Executor, Tx } from '../db/db';
import type { Kms } from '../kms/kms';
import { createListTokens, type ListTokens } from '../resources/list-token';
import { createAuthorities } from './authority';
import * as store from './authority.store';

const KEY_BYTES = 32;

/** `tofu`: the key for first-use tokens of sessions. `list tokens`: the key for list tokens. */
type KeyPurpose = 'tofu' | 'list tokens';

/** Makes the deployment in an empty, migrated database; answers its id. */
export async function createDeployment(tx: Tx, kms: Kms, now: Date): Promise<string> {
  const id = randomBase62(16);
  await store.insertDeployment(tx, id, now);
  await kms.createScopeKeys(tx, 'global', now);
  await createAuthorities(tx, kms, id, now);
  await createDeploymentKey(tx, kms, 'tofu', now);
  await createDeploymentKey(tx, kms, 'list tokens', now);
  return id;
}

/** Makes a key of the deployment; one that there is stays. */
export async function createDeploymentKey(tx: Tx, kms: Kms, purpose: KeyPurpose, now: Date): Promise<void> {
  const key = await kms.encrypt(tx, 'global', 'database', randomBytes(KEY_BYTES), placeOf(purpose));
  await store.insertDeploymentKey(tx, purpose, key, now);
}

const placeOf = (purpose: KeyPurpose) => ({ column: 'deployment_keys.key', row: purpose }) as const;

/** HMAC of first-use tokens, as sessions store it. */
export type TofuHmac = (token: string) => Buffer;

/** Loads the deployment's key for first-use tokens into memory. */
export async function loadTofuHmac(on: Executor, kms: Kms): Promise<TofuHmac> {
  const key = await loadKey(on, kms, 'tofu', 'init');
  return (token) => createHmac('sha256', key).update(token).digest();
}

/** Loads the deployment's key for list tokens into memory. */
export const loadListTokens = async (on: Executor, kms: Kms): Promise<ListTokens> =>
  // The migration of an older database makes this key last.
  createListTokens(await loadKey(on, kms, 'list tokens', 'migrate'));

async function loadKey(on: Executor, kms: Kms, purpose: KeyPurpose, command: 'init' | 'migrate'): Promise<Buffer> {
  const stored = await store.selectDeploymentKey(on, purpose);
  if (stored === undefined) throw new Error(`the database is not complete: run "sallyport database ${command}"`);
  return kms.decrypt(on, stored.key_id, stored.key, placeOf(purpose));
}
