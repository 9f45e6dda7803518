/**
 * What the processes of a worker know each other by: a key in the worker's directory, which only
 * its user can read. Each side of a link proves that it has it, so that neither a socket that
 * somebody else has put there nor a stranger who can reach the socket is believed.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../control/durable-file';

const FILE = 'processes.key';
const KEY_BYTES = 32;

/**
 * The key of a directory, made when there is none. Throws the error of the system when the
 * directory is not usable.
 */
export function processKey(directory: string): Buffer {
  const path = join(directory, FILE);
  const known = readKey(path);
  if (known !== undefined) return known;
  const key = randomBytes(KEY_BYTES);
  writeFileAtomically(path, key.toString('base64'));
  return key;
}

function readKey(path: string): Buffer | undefined {
  try {
    const key = Buffer.from(readFileSync(path, 'utf8'), 'base64');
    return key.length === KEY_BYTES ? key : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export type Side = 'data' | 'control';

export const newNonce = (): Buffer => randomBytes(KEY_BYTES);

export const proofOf = (key: Buffer, side: Side, nonce: Uint8Array): Buffer =>
  createHmac('sha256', key).update(side).update(nonce).digest();

export function isProof(proof: Uint8Array, key: Buffer, side: Side, nonce: Uint8Array): boolean {
  const expected = proofOf(key, side, nonce);
  return proof.length === expected.length && timingSafeEqual(proof, expected);
}
