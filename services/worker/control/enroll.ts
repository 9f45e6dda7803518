/**
 * The first contact of a worker with its deployment: exchanges an activation token for a
 * certificate.
 */
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { decodeActivationToken, type ActivationToken } from '../../../lib/tls/activation-token';
import { createCertificateRequest } from '../../../lib/tls/certificates';
import { newEd25519, pemFromDer, privateKeyPem } from '../../../lib/tls/keys';
import type { EnrollResponse } from '../../../proto/gen/worker/control';
import { hashToken, type WorkerIdentity } from './identity';
import { openClient, discoverAuthority, newcomerCredentials, type Upstream } from './upstream';

const ENROLL_TIMEOUT_MS = 10_000;

/** Enrollment cannot succeed with this token, so another attempt is useless. */
export class EnrollmentRefused extends Error {
  override name = 'EnrollmentRefused';
}

/** The token as read; throws {@link EnrollmentRefused} when it is none. */
export function readActivationToken(text: string): ActivationToken {
  const token = decodeActivationToken(text);
  if (token) return token;
  throw new EnrollmentRefused('the activation token is malformed: copy it whole, from neslat_ to its last character');
}

/**
 * Rejects with {@link EnrollmentRefused} for good, with any other error when another attempt may
 * succeed.
 */
export async function enroll(upstream: Upstream, tokenText: string): Promise<WorkerIdentity> {
  const authority = await discoverAuthority(upstream, readActivationToken(tokenText));
  const client = openClient(upstream, newcomerCredentials(authority));
  try {
    const key = newEd25519();
    const request = { activation_token: tokenText.trim(), certificate_request: await createCertificateRequest(key) };
    const response = await new Promise<EnrollResponse>((resolve, reject) => {
      client.enroll(request, new Metadata(), { deadline: Date.now() + ENROLL_TIMEOUT_MS }, (error, answer) => {
        if (error) reject(failure(error));
        else resolve(answer);
      });
    });
    return {
      workerId: response.worker_id,
      privateKey: privateKeyPem(key),
      certificate: pemFromDer(response.certificate),
      authorities: response.ca_certificates.map((der) => pemFromDer(der)),
      tokenHash: hashToken(tokenText),
    };
  } finally {
    client.close();
  }
}

const FINAL = [status.PERMISSION_DENIED, status.UNAUTHENTICATED, status.INVALID_ARGUMENT, status.NOT_FOUND];

function failure(error: ServiceError): Error {
  const text = `enrollment failed: ${error.details}`;
  return FINAL.includes(error.code) ? new EnrollmentRefused(text) : new Error(text);
}
