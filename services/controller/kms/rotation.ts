/**
 * New versions of a scope's keys. Older versions stay until they are destroyed, so that what they
 * encrypt stays readable.
 */
import { randomBytes } from 'node:crypto';
import { newIdOf } from '../../../lib/contract/id-prefixes';
import type { Allowed } from '../authz/authz';
import { notFound } from '../authz/refusal';
import type { Tx } from '../db/db';
import { KEY_BYTES, open, seal } from './cipher';
import { unwrapRoot, type RootKey } from './root-key';
import * as store from './rotation.store';

export async function rotateScopeKeys(
  rootKey: RootKey,
  tx: Tx,
  allowed: Allowed<'scope', 'rotate-keys'>,
  { rewrap, now }: { rewrap: boolean; now: Date },
): Promise<void> {
  const root = await store.lockRootKey(tx, allowed.id);
  // Every scope has its keys from the start, so this one has just been deleted.
  if (root === undefined) throw notFound();
  const older = rewrap ? await store.dataKeyVersions(tx, root.id) : [];
  const id = newIdOf('key-version', 'root');
  const key = randomBytes(KEY_BYTES);
  const wrapped = seal(rootKey.key, key, id);
  await store.insertRootVersion(tx, { id, rootKeyId: root.id, wrapped, wrappingKeyId: rootKey.id, now });
  for (const dataKeyId of await store.dataKeyIds(tx, root.id)) {
    const versionId = newIdOf('key-version', 'data');
    const fresh = seal(key, randomBytes(KEY_BYTES), versionId);
    await store.insertDataVersion(tx, { id: versionId, dataKeyId, rootVersionId: id, wrapped: fresh, now });
  }
  await wrapAnew(rootKey, tx, older, { id, key });
}

/**
 * Lets the newest root key version of the same scope wrap the data keys that this version wraps.
 */
export async function rewrapDataKeys(rootKey: RootKey, tx: Tx, rootVersionId: string): Promise<void> {
  const newest = await store.newestRootVersion(tx, rootVersionId);
  if (newest === undefined || newest.root_version_id === rootVersionId) {
    throw new Error(`root key version ${rootVersionId} is the newest of its key`);
  }
  const wrapped = await store.dataKeyVersionsUnder(tx, rootVersionId);
  await wrapAnew(rootKey, tx, wrapped, { id: newest.root_version_id, key: unwrapRoot(rootKey, newest) });
}

async function wrapAnew(
  rootKey: RootKey,
  tx: Tx,
  versions: readonly store.WrappedDataKey[],
  root: { id: string; key: Buffer },
): Promise<void> {
  for (const version of versions) {
    const key = open(unwrapRoot(rootKey, version), version.wrapped_key, version.id);
    await store.wrapDataVersion(tx, version.id, root.id, seal(root.key, key, version.id));
  }
}
