/**
 * Enrollment: a new worker trades its one-time activation token for a certificate. The database
 * holds an id made from the token and the encrypted time of its making, nothing that would let a
 * reader enroll.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import { decodeActivationToken, encodeActivationToken, type ActivationToken } from '../../../lib/tls/activation-token';
import { publicKeyHash, publicKeyOfRequest } from '../../../lib/tls/certificates';
import { transaction, type Db, type Tx } from '../db/db';
import type { Kms } from '../kms/kms';
import { issueWorkerCertificate, type DeploymentAuthority } from './authority';
import { collect } from './registration';
import * as store from './workers.store';

export const ACTIVATION_TOKEN_LIFETIME_MS = 14 * 24 * 3_600_000;

const tokenId = (token: ActivationToken): string =>
  createHmac('sha256', token.hmacKey).update(token.nonce).digest('hex');

/** Makes the activation token of a worker and stores what recognizes it. The text is shown once. */
export async function createActivationToken(
  tx: Tx,
  kms: Kms,
  authority: DeploymentAuthority,
  workerId: string,
  now: Date,
): Promise<string> {
  const [current, next] = authority.certificates;
  const token: ActivationToken = {
    nonce: randomBytes(32),
    hmacKey: randomBytes(32),
    currentCaHash: publicKeyHash(current!),
    nextCaHash: publicKeyHash(next!),
  };
  const id = tokenId(token);
  const creationTime = await kms.encrypt(tx, 'global', 'database', Buffer.from(now.toISOString()), madeAt(id));
  await store.insertActivationToken(tx, { id, workerId, creationTime });
  return encodeActivationToken(token);
}

export interface Enrolled {
  workerId: string;
  /** DER. */
  certificate: Buffer;
  /** Worker-led registration only. */
  proof?: Buffer;
}

const badToken = (): ApiError =>
  new ApiError(
    'PermissionDenied',
    'The activation token is unknown, has been used or has expired: create the worker anew to get another one.',
  );

/**
 * Uses up the token and certifies the key of the request. A malformed request leaves the token
 * usable. Throws {@link ApiError} with a text for the worker's administrator.
 */
export async function enroll(
  deps: { db: Db; kms: Kms; authority: DeploymentAuthority },
  request: { activation_token: string; certificate_request: Uint8Array },
  now: Date,
): Promise<Enrolled> {
  const workerLed = request.activation_token === '';
  const token = decodeActivationToken(request.activation_token);
  if (token === undefined && !workerLed)
    throw invalidArgument('The activation token is malformed: it starts with "neslat_".');
  const publicKey = await publicKeyOfRequest(request.certificate_request);
  if (publicKey === undefined) {
    throw invalidArgument('The certificate request must be PKCS #10 with an Ed25519 key and signed by it.');
  }
  if (token === undefined) return collect(deps, publicKey, now);
  const id = tokenId(token);
  const taken = await transaction(deps.db, now, (tx) => store.takeActivationToken(tx, id));
  if (taken === undefined) throw badToken();
  const made = await deps.kms.decrypt(deps.db.executor, taken.key_id, taken.creation_time, madeAt(id));
  const age = now.getTime() - new Date(made.toString()).getTime();
  if (!(age <= ACTIVATION_TOKEN_LIFETIME_MS)) throw badToken();
  return {
    workerId: taken.worker_id,
    certificate: await issueWorkerCertificate(deps.authority, taken.worker_id, publicKey, now),
  };
}

const madeAt = (row: string) => ({ column: 'worker_activation_tokens.creation_time', row }) as const;
