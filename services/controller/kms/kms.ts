/**
 * Envelope encryption: root key from the configuration, a key hierarchy per scope, ciphertexts that
 * name their key.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { newIdOf } from '../../../lib/contract/id-prefixes';
import type { Allowed } from '../authz/authz';
import { notFound } from '../authz/refusal';
import type { Executor, Tx } from '../db/db';
import { KEY_BYTES, open, opens, seal } from './cipher';
import { associatedData, type CiphertextPlace } from './ciphertexts';
import * as store from './kms.store';
import { KEY_PURPOSES, type KeyPurpose } from './purposes';
import { RootKeyError, unwrapRoot, type RootKey } from './root-key';
import { rewrapDataKeys, rotateScopeKeys } from './rotation';

export { RootKeyError, type RootKey };

export interface Encrypted {
  /** Nonce, ciphertext and tag. */
  ciphertext: Buffer;
  /** Id of the data key version, to be stored beside the ciphertext. */
  keyId: string;
}

export interface Kms {
  /** Makes the root key and one data key per purpose of a new scope. */
  createScopeKeys(tx: Tx, scopeId: string, now: Date): Promise<void>;
  /** The ciphertext is bound to its place: it opens in that column of that row and nowhere else. */
  encrypt(
    on: Executor,
    scopeId: string,
    purpose: KeyPurpose,
    plaintext: Uint8Array,
    place: CiphertextPlace,
  ): Promise<Encrypted>;
  decrypt(on: Executor, keyId: string, ciphertext: Uint8Array, place: CiphertextPlace): Promise<Buffer>;
  /**
   * The ciphertext for its place, with the same key, when it was sealed with the associated data
   * `former`; undefined when it is in its place already.
   */
  bind(
    on: Executor,
    keyId: string,
    ciphertext: Uint8Array,
    former: string,
    place: CiphertextPlace,
  ): Promise<Buffer | undefined>;
  /**
   * What the API shows of a secret, so that clients see whether it changed: base64url of a keyed
   * hash, bound by `aad`.
   */
  hmac(on: Executor, scopeId: string, secret: string, aad: string): Promise<string>;
  /**
   * Gives the root key and the data keys of a scope new versions; `rewrap` also renews what wraps
   * the older ones.
   */
  rotateScopeKeys(tx: Tx, allowed: Allowed<'scope', 'rotate-keys'>, rewrap: boolean, now: Date): Promise<void>;
  /** Lets the newest root key version of a scope wrap what another one wraps. */
  rewrapDataKeys(tx: Tx, rootVersionId: string): Promise<void>;
  /** Forgets unwrapped keys, so that the next call sees which are the newest. */
  forgetKeys(): void;
  /**
   * Throws {@link RootKeyError} when the configured root key is not the one that this database's
   * keys need.
   */
  verify(on: Executor): Promise<void>;
}

/** Unwrapped keys held in memory; beyond it the cache starts anew. */
const MAX_CACHED_KEYS = 20_000;

/** Data keys in clear, so that the usual call needs no statement. */
class DataKeys {
  private readonly keys = new Map<string, Buffer>();
  private readonly newestIds = new Map<string, string>();
  // Rises when keys are forgotten, so that what was read before is not taken for the newest
  // afterwards.
  private generation = 0;

  constructor(private readonly rootKey: RootKey) {}

  remember(version: store.DataKeyVersion): Buffer {
    const key = unwrap(this.rootKey, version);
    if (this.keys.size >= MAX_CACHED_KEYS) {
      this.keys.clear();
      this.newestIds.clear();
    }
    this.keys.set(version.id, key);
    return key;
  }

  async newest(on: Executor, scopeId: string, purpose: KeyPurpose): Promise<{ id: string; key: Buffer }> {
    const name = `${scopeId} ${purpose}`;
    const cached = this.newestIds.get(name);
    const known = cached === undefined ? undefined : this.keys.get(cached);
    if (cached !== undefined && known !== undefined) return { id: cached, key: known };
    const read = this.generation;
    const version = await store.newestDataKey(on, scopeId, purpose);
    // Every scope has its keys from the start, so this one has just been deleted.
    if (version === undefined) throw notFound();
    const key = this.remember(version);
    if (read === this.generation) this.newestIds.set(name, version.id);
    return { id: version.id, key };
  }

  async byId(on: Executor, id: string): Promise<Buffer> {
    const known = this.keys.get(id);
    if (known !== undefined) return known;
    const version = await store.dataKey(on, id);
    if (version === undefined) throw new Error(`data key ${id} is gone`);
    return this.remember(version);
  }

  forget(): void {
    this.generation++;
    this.keys.clear();
    this.newestIds.clear();
  }
}

/** The key hierarchy below `rootKey`. */
export function createKms({ rootKey }: { rootKey: RootKey }): Kms {
  if (rootKey.key.length !== KEY_BYTES) throw new RootKeyError(`the root key must have ${KEY_BYTES} bytes`);
  const keys = new DataKeys(rootKey);
  return {
    createScopeKeys: (tx, scopeId, now) => createScopeKeys(rootKey, tx, scopeId, now),
    async encrypt(on, scopeId, purpose, plaintext, place) {
      const { id, key } = await keys.newest(on, scopeId, purpose);
      return { ciphertext: seal(key, plaintext, associatedData(place)), keyId: id };
    },
    async decrypt(on, keyId, ciphertext, place) {
      return open(await keys.byId(on, keyId), ciphertext, associatedData(place));
    },
    async bind(on, keyId, ciphertext, former, place) {
      const key = await keys.byId(on, keyId);
      if (opens(key, ciphertext, associatedData(place))) return undefined;
      return seal(key, open(key, ciphertext, former), associatedData(place));
    },
    async hmac(on, scopeId, secret, aad) {
      const { key } = await keys.newest(on, scopeId, 'database');
      // A key of its own, so that ciphertexts and hashes never share one.
      const hashKey = createHmac('sha256', key).update(`hmac ${aad}`).digest();
      return createHmac('sha256', hashKey).update(secret).digest('base64url');
    },
    rotateScopeKeys: (tx, allowed, rewrap, now) => rotateScopeKeys(rootKey, tx, allowed, { rewrap, now }),
    rewrapDataKeys: (tx, rootVersionId) => rewrapDataKeys(rootKey, tx, rootVersionId),
    forgetKeys: () => keys.forget(),
    async verify(on) {
      const version = await store.newestDataKey(on, 'global', 'database');
      if (version === undefined) throw new RootKeyError('the database has no keys yet: run "sallyport database init"');
      keys.remember(version);
    },
  };
}

/**
 * The root key's id and 32 fresh bytes per key; wrapped keys are bound to the id of their version.
 */
async function createScopeKeys(rootKey: RootKey, tx: Tx, scopeId: string, now: Date): Promise<void> {
  const scopeRoot = randomBytes(KEY_BYTES);
  const rootId = newIdOf('key', 'root');
  const rootVersion = newIdOf('key-version', 'root');
  const wrapped = seal(rootKey.key, scopeRoot, rootVersion);
  const dataKeys = KEY_PURPOSES.map((purpose) => {
    const versionId = newIdOf('key-version', 'data');
    return {
      id: newIdOf('key', 'data'),
      purpose,
      versionId,
      wrapped: seal(scopeRoot, randomBytes(KEY_BYTES), versionId),
    };
  });
  const root = { id: rootId, versionId: rootVersion, wrapped, wrappingKeyId: rootKey.id };
  await store.insertScopeKeys(tx, scopeId, root, dataKeys, now);
}

const unwrap = (rootKey: RootKey, version: store.DataKeyVersion): Buffer =>
  open(unwrapRoot(rootKey, version), version.wrapped_key, version.id);
