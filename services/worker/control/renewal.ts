/** Renewal of the worker's certificate over its control stream, at half of its life. */
import { createCertificateRequest } from '../../../lib/tls/certificates';
import { newEd25519, pemFromDer, privateKeyPem } from '../../../lib/tls/keys';
import type { ControlStream } from './control-stream';
import type { WorkerIdentity } from './identity';

/** After a renewal that failed. */
export const RENEWAL_RETRY_MS = 60_000;

/** The time until half of the lifetime is over, ms; 0 when it is. */
export function renewalDelay(valid: { from: number; to: number }, now: number): number {
  return Math.max(0, (valid.from + valid.to) / 2 - now);
}

/** A new key and certificate for the same worker. Rejects with the reason of the controller. */
export async function renewIdentity(stream: ControlStream, identity: WorkerIdentity): Promise<WorkerIdentity> {
  const key = newEd25519();
  const certificate_request = await createCertificateRequest(key);
  const answer = await stream.request((request_id) => ({
    $case: 'renew_certificate',
    value: { request_id, certificate_request },
  }));
  if (answer.$case !== 'renew_certificate' || answer.value.certificate.length === 0) {
    throw new Error(answer.$case === 'renew_certificate' ? answer.value.error : 'unexpected answer');
  }
  const { certificate, ca_certificates } = answer.value;
  return {
    ...identity,
    privateKey: privateKeyPem(key),
    certificate: pemFromDer(certificate),
    authorities: ca_certificates.length > 0 ? ca_certificates.map((der) => pemFromDer(der)) : identity.authorities,
  };
}
