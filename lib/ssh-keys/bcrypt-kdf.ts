/**
 * bcrypt_pbkdf as in OpenSSH, one round at a time, so that other work goes on between two rounds.
 * The package bcrypt-pbkdf does the rounds.
 */
import { createHash } from 'node:crypto';
import { hash, HASHSIZE } from 'bcrypt-pbkdf';
import type { Work } from '../limits/work';

/** Steps of a round, in the order of 10 ns, by measurement. */
const ROUND_STEPS = 1_000_000;

/** How a key is derived. */
interface Derivation {
  salt: Buffer;
  /** Bytes wanted. */
  length: number;
  rounds: number;
}

/** A key of `length` bytes. Each round is charged to `work` before it is done. */
export async function bcryptKey(
  pass: Buffer,
  { salt, length, rounds }: Derivation,
  work: Work | undefined,
): Promise<Buffer> {
  const hashedPass = sha512(pass);
  const key = Buffer.alloc(length);
  const stride = Math.ceil(length / HASHSIZE);
  for (let count = 1; count <= stride; count++) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(count);
    const block = await hashedBlock(hashedPass, Buffer.concat([salt, number]), rounds, work);
    // Bytes of one block are spread over the key.
    for (let i = 0; i * stride + count - 1 < length && i < HASHSIZE; i++) key[i * stride + count - 1] = block[i]!;
  }
  return key;
}

async function hashedBlock(pass: Buffer, salt: Buffer, rounds: number, work: Work | undefined): Promise<Buffer> {
  const total = Buffer.alloc(HASHSIZE);
  const out = Buffer.alloc(HASHSIZE);
  let input = salt;
  for (let round = 0; round < rounds; round++) {
    work?.charge(ROUND_STEPS);
    await new Promise((resolve) => setImmediate(resolve));
    hash(pass, sha512(input), out);
    for (let i = 0; i < HASHSIZE; i++) total[i]! ^= out[i]!;
    input = out;
  }
  return total;
}

const sha512 = (bytes: Buffer): Buffer => createHash('sha512').update(bytes).digest();
