/**
 * The first contact of a worker that has no activation token. It makes a request, which an
 * administrator gives to a controller, and asks until the worker was created.
 */
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificateRequest } from '../../../lib/tls/certificates';
import { newEd25519, pemFromDer, privateKeyPem } from '../../../lib/tls/keys';
import {
  encodeRegistrationRequest,
  isRegistrationProof,
  REGISTRATION_SECRET_BYTES,
} from '../../../lib/tls/registration-request';
import type { EnrollResponse } from '../../../proto/gen/worker/control';
import { writeFileAtomically } from './durable-file';
import type { WorkerIdentity } from './identity';
import { discoverAuthority, newcomerCredentials, openClient, type Upstream } from './upstream';

const TIMEOUT_MS = 10_000;
const FILE = 'registration.json';
/** For administrators and their scripts. */
const REQUEST_FILE = 'auth_request_token';

export interface Registration {
  /** PEM. */
  privateKey: string;
  secret: Buffer;
  /** For the administrator. */
  request: string;
}

/** No administrator has given the request to a controller yet. */
export class NotRegistered extends Error {
  override name = 'NotRegistered';
}

/** The request of this worker; made once, so that a restart does not change it. */
export function openRegistration(directory: string): Registration {
  const stored = load(join(directory, FILE)) ?? create();
  const secret = Buffer.from(stored.secret, 'base64');
  const publicKey = createPublicKey(stored.privateKey).export({ format: 'der', type: 'spki' });
  const request = encodeRegistrationRequest({ publicKey, secret });
  writeFileAtomically(join(directory, FILE), JSON.stringify(stored));
  writeFileAtomically(join(directory, REQUEST_FILE), request);
  return { privateKey: stored.privateKey, secret, request };
}

/** Forgets the request, once it has led to an identity. */
export function closeRegistration(directory: string): void {
  for (const name of [FILE, REQUEST_FILE]) rmSync(join(directory, name), { force: true });
}

interface Stored {
  privateKey: string;
  /** Base64. */
  secret: string;
}

const create = (): Stored => ({
  privateKey: privateKeyPem(newEd25519()),
  secret: randomBytes(REGISTRATION_SECRET_BYTES).toString('base64'),
});

function load(path: string): Stored | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Stored;
    createPrivateKey(value.privateKey);
    return Buffer.from(value.secret, 'base64').length === REGISTRATION_SECRET_BYTES ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Rejects with {@link NotRegistered} until the worker was created. */
export async function collectIdentity(upstream: Upstream, registration: Registration): Promise<WorkerIdentity> {
  // Any peer may answer: only the proof counts, and nothing secret is sent.
  const client = openClient(upstream, newcomerCredentials(await discoverAuthority(upstream)));
  try {
    const certificate_request = await createCertificateRequest(createPrivateKey(registration.privateKey));
    const response = await new Promise<EnrollResponse>((resolve, reject) => {
      const request = { activation_token: '', certificate_request };
      client.enroll(request, new Metadata(), { deadline: Date.now() + TIMEOUT_MS }, (error, answer) => {
        if (error) reject(failure(error));
        else resolve(answer);
      });
    });
    const answer = { certificate: response.certificate, authorities: response.ca_certificates };
    if (!isRegistrationProof(response.registration_proof, registration.secret, answer)) {
      throw new Error('the answer to the registration request is not from the controller that it was taken to');
    }
    return {
      workerId: response.worker_id,
      privateKey: registration.privateKey,
      certificate: pemFromDer(response.certificate),
      authorities: response.ca_certificates.map((der) => pemFromDer(der)),
      tokenHash: '',
    };
  } finally {
    client.close();
  }
}

const failure = (error: ServiceError): Error =>
  error.code === status.NOT_FOUND
    ? new NotRegistered('waiting for an administrator: "workers create worker-led" with the request of this worker')
    : new Error(`registration failed: ${error.details}`);
