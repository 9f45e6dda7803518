/**
 * The identity of this worker: its key and certificate of the deployment's authority, kept in the
 * worker's own directory.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../../../lib/config/directory';
import { writeFileAtomically } from './durable-file';

export interface WorkerIdentity {
  workerId: string;
  /** PEM. */
  privateKey: string;
  certificate: string;
  /** PEM, authorities to trust: current, then next. */
  authorities: string[];
  /**
   * SHA-256 of the activation token that was used, hex: another token in the configuration means a
   * new enrollment.
   */
  tokenHash: string;
}

/**
 * Makes the directory, accessible to its owner only. Throws the error of the system, which has the
 * path.
 */
export function openStorage(directory: string): void {
  makeDirectory(directory, 0o700);
  chmodSync(directory, 0o700);
}

const FILE = 'identity.json';

/** Undefined when there is none yet. Throws when there is one that cannot be read. */
export function loadIdentity(directory: string): WorkerIdentity | undefined {
  const path = join(directory, FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const identity = parse(text);
  if (!identity) throw new Error(`${path} is damaged: remove it and enroll the worker with a new activation token`);
  return identity;
}

export function saveIdentity(directory: string, identity: WorkerIdentity): void {
  writeFileAtomically(join(directory, FILE), JSON.stringify(identity));
}

/** When the certificate begins and ends, ms since the epoch. */
export function validity(identity: WorkerIdentity): { from: number; to: number } {
  const certificate = new X509Certificate(identity.certificate);
  return { from: Date.parse(certificate.validFrom), to: Date.parse(certificate.validTo) };
}

export const hashToken = (token: string): string => createHash('sha256').update(token.trim()).digest('hex');

function parse(text: string): WorkerIdentity | undefined {
  try {
    const value = JSON.parse(text) as WorkerIdentity;
    const texts = [value.workerId, value.privateKey, value.certificate, value.tokenHash, ...value.authorities];
    return texts.every((part) => typeof part === 'string') && value.authorities.length > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
