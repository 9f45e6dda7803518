/** The configured root key, and what it opens: the root key versions of scopes. */
import type { AeadKey } from '../../../lib/config/aead-key';
import { open } from './cipher';
import type { RootKeyVersion } from './kms.store';

/** The configured root key. */
export type RootKey = AeadKey;

/**
 * The configured root key does not open the database's keys. The message names the remedy, never a
 * key.
 */
export class RootKeyError extends Error {
  override readonly name = 'RootKeyError';
}

/** The key of a scope's root key version. */
export function unwrapRoot(rootKey: RootKey, version: RootKeyVersion): Buffer {
  if (version.wrapping_key_id !== rootKey.id) {
    throw new RootKeyError(
      `the database's keys are wrapped by the root key "${version.wrapping_key_id}", ` +
        `but the configured root key is "${rootKey.id}": configure the one the database was initialized with`,
    );
  }
  try {
    return open(rootKey.key, version.wrapped_root, version.root_version_id);
  } catch (cause) {
    throw new RootKeyError(
      `the configured root key "${rootKey.id}" does not open the database's keys: ` +
        'its id is right but the key is another one; configure the one the database was initialized with',
      { cause },
    );
  }
}
