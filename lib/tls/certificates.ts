/**
 * X.509 for the deployment's own authority and its certificate requests. All keys are Ed25519.
 * The parser library needs reflect-metadata loaded before it.
 */
import 'reflect-metadata';
import { createHash, createPublicKey, randomBytes, webcrypto, type KeyObject } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { newEd25519 } from './keys';

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'Ed25519' };

/** PKCS #10 request, DER, that proves possession of `key`. The issuer decides every name. */
export async function createCertificateRequest(key: KeyObject): Promise<Buffer> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys: await webKeys(key),
    signingAlgorithm: ALGORITHM,
  });
  return Buffer.from(request.rawData);
}

/**
 * SubjectPublicKeyInfo, DER, of a request; undefined when it is malformed, not Ed25519, or its
 * signature is wrong.
 */
export async function publicKeyOfRequest(der: Uint8Array): Promise<Buffer | undefined> {
  try {
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(der));
    const spki = Buffer.from(request.publicKey.rawData);
    const isEd25519 = createPublicKey({ key: spki, format: 'der', type: 'spki' }).asymmetricKeyType === 'ed25519';
    return isEd25519 && (await request.verify()) ? spki : undefined;
  } catch {
    return undefined;
  }
}

export interface Authority {
  /** DER. */
  certificate: Buffer;
  privateKey: KeyObject;
}

/** A new self-signed certificate authority of path length 0. */
export async function createAuthority(input: {
  commonName: string;
  notBefore: Date;
  notAfter: Date;
}): Promise<Authority> {
  const privateKey = newEd25519();
  const subject = `CN=${input.commonName}`;
  const certificate = await sign(privateKey, createPublicKey(privateKey), {
    subject,
    issuer: subject,
    notBefore: input.notBefore,
    notAfter: input.notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(await webPublicKey(createPublicKey(privateKey))),
    ],
  });
  return { certificate, privateKey };
}

/** A leaf certificate, DER, for client and server use. */
export async function issueCertificate(
  authority: Authority,
  input: {
    /** SubjectPublicKeyInfo, DER. */
    publicKey: Uint8Array;
    commonName: string;
    uriNames: readonly string[];
    dnsNames?: readonly string[];
    notBefore: Date;
    notAfter: Date;
  },
): Promise<Buffer> {
  const publicKey = createPublicKey({ key: Buffer.from(input.publicKey), format: 'der', type: 'spki' });
  return sign(authority.privateKey, publicKey, {
    subject: `CN=${input.commonName}`,
    issuer: new x509.X509Certificate(authority.certificate).subject,
    notBefore: input.notBefore,
    notAfter: input.notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...input.uriNames.map((value) => ({ type: 'url' as const, value })),
        ...(input.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(await webPublicKey(createPublicKey(authority.privateKey))),
    ],
  });
}

/** SHA-256 of the SubjectPublicKeyInfo of a certificate (DER). */
export function publicKeyHash(certificate: Uint8Array): Buffer {
  const spki = new x509.X509Certificate(Buffer.from(certificate)).publicKey.rawData;
  return createHash('sha256').update(Buffer.from(spki)).digest();
}

interface Content {
  subject: string;
  issuer: string;
  notBefore: Date;
  notAfter: Date;
  extensions: x509.Extension[];
}

async function sign(signer: KeyObject, subjectKey: KeyObject, content: Content): Promise<Buffer> {
  const certificate = await x509.X509CertificateGenerator.create({
    ...content,
    serialNumber: newSerial(),
    publicKey: await webPublicKey(subjectKey),
    signingKey: await webPrivateKey(signer),
    signingAlgorithm: ALGORITHM,
  });
  return Buffer.from(certificate.rawData);
}

/** 16 random bytes as hex; the high bit is clear because serial numbers are positive. */
function newSerial(): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial.toString('hex');
}

async function webKeys(key: KeyObject): Promise<webcrypto.CryptoKeyPair> {
  return { privateKey: await webPrivateKey(key), publicKey: await webPublicKey(createPublicKey(key)) };
}

const webPrivateKey = (key: KeyObject): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', key.export({ format: 'der', type: 'pkcs8' }), ALGORITHM, true, ['sign']);

const webPublicKey = (key: KeyObject): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('spki', key.export({ format: 'der', type: 'spki' }), ALGORITHM, true, ['verify']);
