/**
 * The request that a worker without an activation token gives to its administrator: base58 of a
 * format byte, its public key and a secret. The controller certifies only that key. The secret
 * proves to the worker that the answer comes from the deployment that the administrator took the
 * request to. It is never sent between worker and controller.
 */
import { createHmac, createPublicKey, timingSafeEqual } from 'node:crypto';
import { decodeBase58, encodeBase58 } from '../ids/base58';

const FORMAT = 1;
/** SubjectPublicKeyInfo of an Ed25519 key, DER. */
const PUBLIC_KEY_BYTES = 44;
export const REGISTRATION_SECRET_BYTES = 32;

export interface RegistrationRequest {
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Buffer;
  secret: Buffer;
}

export const encodeRegistrationRequest = ({ publicKey, secret }: RegistrationRequest): string =>
  encodeBase58(Buffer.concat([Buffer.of(FORMAT), publicKey, secret]));

/** Undefined when the text is no such request. */
export function decodeRegistrationRequest(text: string): RegistrationRequest | undefined {
  const bytes = text.length > 200 ? undefined : decodeBase58(text.trim());
  if (bytes?.length !== 1 + PUBLIC_KEY_BYTES + REGISTRATION_SECRET_BYTES || bytes[0] !== FORMAT) return undefined;
  const publicKey = bytes.subarray(1, 1 + PUBLIC_KEY_BYTES);
  return isEd25519(publicKey) ? { publicKey, secret: bytes.subarray(1 + PUBLIC_KEY_BYTES) } : undefined;
}

function isEd25519(publicKey: Buffer): boolean {
  try {
    return createPublicKey({ key: publicKey, format: 'der', type: 'spki' }).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

interface Answer {
  certificate: Uint8Array;
  authorities: readonly Uint8Array[];
}

/** The proof that the answer comes from somebody who knows the secret. */
export function registrationProof(secret: Uint8Array, { certificate, authorities }: Answer): Buffer {
  const hmac = createHmac('sha256', secret);
  for (const part of [certificate, ...authorities]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hmac.update(length).update(part);
  }
  return hmac.digest();
}

export function isRegistrationProof(proof: Uint8Array, secret: Uint8Array, answer: Answer): boolean {
  const expected = registrationProof(secret, answer);
  return proof.length === expected.length && timingSafeEqual(proof, expected);
}
