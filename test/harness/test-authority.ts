/** A certificate authority for one test and PEM certificates of it. */
import { createPublicKey } from 'node:crypto';
import { createAuthority, issueCertificate, type Authority } from '../../lib/tls/certificates';
import { newEd25519 } from '../../lib/tls/keys';

export interface Pem {
  /** Leaf, then CA. */
  cert: Buffer;
  key: Buffer;
  ca: Buffer;
}

const HOUR_MS = 3_600_000;
const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

export const testAuthority = (): Promise<Authority> =>
  createAuthority({
    commonName: 'test authority',
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + HOUR_MS),
  });

/** A leaf for `localhost`, with the given URI names; expired when asked for. */
export async function testCertificate(authority: Authority, uriNames: string[] = [], expired = false): Promise<Pem> {
  const key = newEd25519();
  const leaf = await issueCertificate(authority, {
    publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }),
    commonName: 'leaf',
    uriNames,
    dnsNames: ['localhost'],
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + (expired ? -1 : 1) * (HOUR_MS / 2)),
  });
  return {
    cert: Buffer.from(pem(leaf) + pem(authority.certificate)),
    key: Buffer.from(key.export({ format: 'pem', type: 'pkcs8' })),
    ca: Buffer.from(pem(authority.certificate)),
  };
}
