/**
 * Destruction of key versions. A root key version goes at once, after the newest one has taken over
 * the data keys below it. A data key version goes when nothing refers to it any more: a job
 * encrypts the secrets anew, in batches, on whichever controller comes first, and can be
 * interrupted anywhere.
 */
import { ApiError } from '../../../lib/errors/errors';
import type { AllowedIn } from '../authz/authz';
import { notFound } from '../authz/refusal';
import { transaction, type Db, type Tx } from '../db/db';
import { CIPHERTEXTS, placeIn, type CiphertextTable } from './ciphertexts';
import * as store from './destruction.store';
import type { Kms } from './kms';
import { deleteDataVersion, deleteRootVersion, lockRootKey, versionToDestroy } from './rotation.store';

/** Secrets encrypted anew in one transaction. */
const BATCH = 200;
/** Batches of one place in one run; the rest waits for the next. */
const MAX_BATCHES = 100;

/** Answers `pending` when secrets must be encrypted anew first. Throws 404 and 400. */
export async function destroyKeyVersion(
  deps: { db: Db; kms: Kms },
  { scopeId }: AllowedIn<'scope', 'destroy-key-version'>,
  versionId: string,
  now: Date,
): Promise<'completed' | 'pending'> {
  return transaction(deps.db, now, async (tx) => {
    await lockRootKey(tx, scopeId);
    const version = await versionToDestroy(tx, scopeId, versionId);
    if (version === undefined) throw notFound(`unknown key_version_id "${versionId}"`);
    if (version.newest) {
      throw new ApiError('InvalidArgument', 'The newest version of a key cannot be destroyed: rotate the keys first.');
    }
    if (version.purpose === 'oplog') {
      throw new ApiError('InvalidArgument', 'Versions of the oplog key cannot be destroyed.');
    }
    if (version.type === 'kek') {
      await deps.kms.rewrapDataKeys(tx, versionId);
      await deleteRootVersion(tx, versionId);
      return 'completed';
    }
    const total = await store.countReferences(tx, versionId);
    if (total === 0n) {
      await deleteDataVersion(tx, versionId);
      return 'completed';
    }
    await store.insertJob(tx, { versionId, scopeId, total, now });
    return 'pending';
  });
}

/** Works on the jobs that there are; what is left waits for the next run. */
export async function runDestructionJobs(deps: { db: Db; kms: Kms }, now: Date): Promise<void> {
  for (const job of await store.openJobs(deps.db.executor)) {
    await transaction(deps.db, now, (tx) => store.startJob(tx, job.key_version_id));
    for (const place of CIPHERTEXTS) {
      for (let i = 0; i < MAX_BATCHES; i++) {
        const done = await transaction(deps.db, now, (tx) => encryptAnew(deps.kms, tx, job, place));
        if (done < BATCH) break;
      }
    }
    await transaction(deps.db, now, (tx) => finish(tx, job));
  }
}

/** One batch of one place; answers its size. */
async function encryptAnew(kms: Kms, tx: Tx, job: store.OpenJob, place: CiphertextTable): Promise<number> {
  const found = await store.lockCiphertexts(tx, place, job.key_version_id, BATCH);
  for (const row of found) {
    const ciphertexts: Record<string, Buffer> = {};
    let keyId = '';
    for (const column of place.columns) {
      const ciphertext = row[column];
      if (!Buffer.isBuffer(ciphertext)) continue;
      const at = placeIn(place, column, row.id);
      const plain = await kms.decrypt(tx, job.key_version_id, ciphertext, at);
      const sealed = await kms.encrypt(tx, job.scope_id, job.purpose, plain, at);
      ciphertexts[column] = sealed.ciphertext;
      keyId = sealed.keyId;
    }
    if (keyId === job.key_version_id) throw new Error(`key version ${keyId} is destroyed but still the newest`);
    await store.storeCiphertexts(tx, place, row.id, { ...ciphertexts, [place.keyColumn]: keyId === '' ? null : keyId });
  }
  if (found.length > 0) await store.countDone(tx, job.key_version_id, found.length);
  return found.length;
}

/**
 * Deletes the key version if nothing refers to it; rows that another controller holds come with a
 * later run.
 */
async function finish(tx: Tx, job: store.OpenJob): Promise<void> {
  await store.lockVersion(tx, job.key_version_id);
  if ((await store.countReferences(tx, job.key_version_id)) > 0n) return;
  await deleteDataVersion(tx, job.key_version_id);
  await store.endJob(tx, job.key_version_id);
}
