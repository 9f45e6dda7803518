/**
 * bcrypt_pbkdf as OpenSSH has it, a round at a time: everything else goes on between two rounds. The rounds themselves
 * come from the package of that name.
 */
import { createHash } from 'node:crypto';
import { hash, HASHSIZE } from 'bcrypt-pbkdf';

/** A key of `length` bytes. */
export async function bcryptKey(pass: Buffer, salt: Buffer, length: number, rounds: number): Promise<Buffer> {
  const hashedPass = sha512(pass);
  const key = Buffer.alloc(length);
  const stride = Math.ceil(length / HASHSIZE);
  for (let count = 1; count <= stride; count++) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(count);
    const block = await hashedBlock(hashedPass, Buffer.concat([salt, number]), rounds);
    // Bytes of one block are spread over the key.
    for (let i = 0; i * stride + count - 1 < length && i < HASHSIZE; i++) key[i * stride + count - 1] = block[i]!;
  }
  return key;
}

async function hashedBlock(pass: Buffer, salt: Buffer, rounds: number): Promise<Buffer> {
  const total = Buffer.alloc(HASHSIZE);
  const out = Buffer.alloc(HASHSIZE);
  let input = salt;
  for (let round = 0; round < rounds; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    hash(pass, sha512(input), out);
    for (let i = 0; i < HASHSIZE; i++) total[i]! ^= out[i]!;
    input = out;
  }
  return total;
}

const sha512 = (bytes: Buffer): Buffer => createHash('sha512').update(bytes).digest();
