/**
 * The deployment's own certificate authority. It vouches for workers to controllers and for
 * controllers to workers. `current` signs; `next` is already trusted, so a change of the authority
 * breaks nothing.
 */
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createAuthority, issueCertificate, publicKeyHash, type Authority } from '../../../lib/tls/certificates';
import { newEd25519, pemFromDer, privateKeyPem } from '../../../lib/tls/keys';
import { transaction, type Db, type Executor, type Tx } from '../db/db';
import type { Kms } from '../kms/kms';
import * as store from './authority.store';

/** Certificates start this long ago, so that a clock that lags a little does not refuse them. */
const CLOCK_SKEW_MS = 10 * 60_000;
const CA_LIFETIME_MS = 10 * 365 * 24 * 3_600_000;
/** Workers and controllers renew at half of it. */
export const CERTIFICATE_LIFETIME_MS = 24 * 3_600_000;
/** DNS name in every controller certificate: what workers verify, whatever address they dialed. */
export const CONTROLLER_DNS_NAME = 'sallyport-controller';

const SLOTS = ['current', 'next'] as const;

export interface DeploymentAuthority {
  /** Stands in every SPIFFE name. */
  deploymentId: string;
  current: Authority;
  /** DER: current, then next. */
  certificates: Buffer[];
}

/** Makes and stores both authorities of a new deployment. */
export async function createAuthorities(tx: Tx, kms: Kms, deploymentId: string, now: Date): Promise<void> {
  for (const slot of SLOTS) {
    const { certificate, privateKey } = await createAuthority({
      commonName: `Sallyport ${deploymentId} ${slot}`,
      notBefore: new Date(now.getTime() - CLOCK_SKEW_MS),
      notAfter: new Date(now.getTime() + CA_LIFETIME_MS),
    });
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    const sealed = await kms.encrypt(tx, 'global', 'database', der, {
      column: 'ca_certificates.private_key',
      row: slot,
    });
    await store.insertAuthority(tx, { slot, certificate, privateKey: sealed, now });
  }
}

/**
 * The deployment's authority with the key of its current slot. Throws when the database was never
 * initialized.
 */
export async function loadAuthority(on: Executor, kms: Kms): Promise<DeploymentAuthority> {
  const stored = await store.selectAuthorities(on);
  const current = stored.find((row) => row.slot === 'current');
  const next = stored.find((row) => row.slot === 'next');
  if (current === undefined || next === undefined) {
    throw new Error('the database holds no deployment: run "sallyport database init"');
  }
  const der = await kms.decrypt(on, current.key_id, current.private_key, {
    column: 'ca_certificates.private_key',
    row: 'current',
  });
  return {
    deploymentId: current.deployment_id,
    current: {
      certificate: current.certificate,
      privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
    },
    certificates: [current.certificate, next.certificate],
  };
}

/** Replaces the authorities. Nothing that the old ones signed is valid any longer. */
export async function replaceAuthorities(db: Db, kms: Kms, now: Date): Promise<void> {
  await transaction(db, now, async (tx) => {
    const deploymentId = await store.deleteAuthorities(tx);
    await createAuthorities(tx, kms, deploymentId, now);
  });
}

/** What administrators see of an authority. */
export interface CertificateInfo {
  id: 'current' | 'next';
  /** Hexadecimal. */
  public_key_sha256: string;
  not_before_time: Date;
  not_after_time: Date;
}

/** Current, then next. */
export async function certificateInfos(on: Executor): Promise<CertificateInfo[]> {
  const stored = await store.selectAuthorities(on);
  return stored
    .map(({ slot, certificate }) => ({
      id: slot,
      public_key_sha256: publicKeyHash(certificate).toString('hex'),
      ...validityOf(certificate),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function validityOf(certificate: Buffer): Pick<CertificateInfo, 'not_before_time' | 'not_after_time'> {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { not_before_time: new Date(validFrom), not_after_time: new Date(validTo) };
}

/** Certificate of a worker, DER, for the public key (SPKI, DER) that it proved to hold. */
export function issueWorkerCertificate(
  authority: DeploymentAuthority,
  workerId: string,
  publicKey: Uint8Array,
  now: Date,
): Promise<Buffer> {
  return issueCertificate(authority.current, {
    publicKey,
    commonName: workerId,
    uriNames: [`spiffe://${authority.deploymentId}/worker/${workerId}`],
    ...validity(now),
  });
}

/**
 * PEM material of the cluster port: leaf and CA, key, and the authorities that client certificates
 * may come from.
 */
export interface ServerIdentity {
  cert: Buffer;
  key: Buffer;
  ca: Buffer[];
}

/** A fresh certificate for this controller's cluster port. */
export async function issueServerIdentity(authority: DeploymentAuthority, now: Date): Promise<ServerIdentity> {
  const key: KeyObject = newEd25519();
  const leaf = await issueCertificate(authority.current, {
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }),
    commonName: CONTROLLER_DNS_NAME,
    uriNames: [`spiffe://${authority.deploymentId}/controller`],
    dnsNames: [CONTROLLER_DNS_NAME],
    ...validity(now),
  });
  return {
    cert: Buffer.from(pemFromDer(leaf) + pemFromDer(authority.current.certificate)),
    key: Buffer.from(privateKeyPem(key)),
    ca: authority.certificates.map((certificate) => Buffer.from(pemFromDer(certificate))),
  };
}

const validity = (now: Date) => ({
  notBefore: new Date(now.getTime() - CLOCK_SKEW_MS),
  notAfter: new Date(now.getTime() + CERTIFICATE_LIFETIME_MS),
});
