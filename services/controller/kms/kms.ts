/** Envelope encryption: root key from the configuration, a key hierarchy per scope, ciphertexts that name their key. */
import type { Executor, Tx } from '../db/db';

export type KeyPurpose = 'database' | 'oplog' | 'tokens' | 'sessions' | 'oidc' | 'audit';
export const KEY_PURPOSES: readonly KeyPurpose[] = ['database', 'oplog', 'tokens', 'sessions', 'oidc', 'audit'];

export interface Encrypted {
  /** Nonce, ciphertext and tag. */
  ciphertext: Buffer;
  /** Id of the data key version, to be stored beside the ciphertext. */
  keyId: string;
}

export interface Kms {
  /** Makes the root key and one data key per purpose of a new scope. */
  createScopeKeys(tx: Tx, scopeId: string, now: Date): Promise<void>;
  /** `aad` binds the ciphertext to its row, usually the row's id. */
  encrypt(on: Executor, scopeId: string, purpose: KeyPurpose, plaintext: Uint8Array, aad: string): Promise<Encrypted>;
  decrypt(on: Executor, keyId: string, ciphertext: Uint8Array, aad: string): Promise<Buffer>;
}
