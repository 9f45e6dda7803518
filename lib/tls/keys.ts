/** Ed25519 keys in the forms that certificates, tokens and grants carry, and DER/PEM conversion. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** PKCS #8 (RFC 8410) in front of the 32-byte seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;

/**
 * Private key from its raw form: 64 bytes (seed, then public key) or the seed alone. Throws on any
 * other length.
 */
export function ed25519FromRaw(raw: Uint8Array): KeyObject {
  if (raw.length !== 2 * SEED_BYTES && raw.length !== SEED_BYTES) {
    throw new Error(`an Ed25519 private key has 64 bytes, this one has ${raw.length}`);
  }
  const der = Buffer.concat([PKCS8_PREFIX, raw.subarray(0, SEED_BYTES)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** The 64 bytes (seed, then public key) of an Ed25519 private key. */
export function rawFromEd25519(key: KeyObject): Buffer {
  const seed = key.export({ format: 'der', type: 'pkcs8' }).subarray(-SEED_BYTES);
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES);
  return Buffer.concat([seed, publicKey]);
}

export const newEd25519 = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

export const privateKeyPem = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }).toString();

export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST';

/** RFC 7468 text of a DER value. */
export function pemFromDer(der: Uint8Array, label: PemLabel = 'CERTIFICATE'): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** DER of every block of a PEM text, in order. */
export function dersFromPem(pem: string): Buffer[] {
  const blocks = pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
  return blocks.map((block) => Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64'));
}
