/**
 * Worker-led enrollment: an administrator brings the request of a worker, which then collects its
 * certificate.
 */
import { createHash } from 'node:crypto';
import { ApiError } from '../../../lib/errors/errors';
import { registrationProof, type RegistrationRequest } from '../../../lib/tls/registration-request';
import { notFound } from '../authz/refusal';
import type { Db, Tx } from '../db/db';
import type { Kms } from '../kms/kms';
import { issueWorkerCertificate, type DeploymentAuthority } from './authority';
import * as store from './workers.store';

/** A worker has this long to collect its certificate, and may ask again within it. */
export const REGISTRATION_LIFETIME_MS = 24 * 3_600_000;

const idOf = (publicKey: Uint8Array): string => createHash('sha256').update(publicKey).digest('hex');

/**
 * Notes the request with the worker that was made for it. A request that was used before breaks
 * uniqueness.
 */
export async function createRegistration(
  tx: Tx,
  kms: Kms,
  workerId: string,
  request: RegistrationRequest,
  now: Date,
): Promise<void> {
  const id = idOf(request.publicKey);
  const secret = await kms.encrypt(tx, 'global', 'database', request.secret, secretOf(id));
  await store.insertRegistration(tx, { id, workerId, secret, now });
}

/** Certifies the key if an administrator has brought its request. Throws 404 otherwise. */
export async function collect(
  deps: { db: Db; kms: Kms; authority: DeploymentAuthority },
  publicKey: Uint8Array,
  now: Date,
): Promise<{ workerId: string; certificate: Buffer; proof: Buffer }> {
  const id = idOf(publicKey);
  const found = await store.findRegistration(deps.db.executor, id);
  if (found === undefined) throw notFound('No worker was created with the request of this worker yet.');
  if (now.getTime() - found.created_time.getTime() > REGISTRATION_LIFETIME_MS) {
    throw new ApiError(
      'PermissionDenied',
      'The request of this worker has expired: remove its storage and start anew.',
    );
  }
  const secret = await deps.kms.decrypt(deps.db.executor, found.key_id, found.secret, secretOf(id));
  const { certificates } = deps.authority;
  const certificate = await issueWorkerCertificate(deps.authority, found.worker_id, publicKey, now);
  const proof = registrationProof(secret, { certificate, authorities: certificates });
  return { workerId: found.worker_id, certificate, proof };
}

const secretOf = (row: string) => ({ column: 'worker_registrations.secret', row }) as const;
