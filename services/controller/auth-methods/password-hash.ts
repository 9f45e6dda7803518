/** Password hashes: argon2id, salted, in PHC form. */
import { randomBytes } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { limit } from '../../../lib/limits/limit';

/** KiB of memory for one check. */
const MEMORY_KIB = 65_536;
const ITERATIONS = 3;
const SALT_BYTES = 32;
export const KEY_BYTES = 32;

export const MAX_PASSWORD_BYTES = limit('password', 1_024, {
  what: 'a password',
  unit: 'bytes',
  reached: 'a login is refused like one with a wrong password; a change with 400',
  test: 'test/integration/iam-login.test.ts: 10 kB of password',
});

/**
 * Hashes with argon2id under a new random salt; the text (PHC form) carries salt and parameters.
 */
export function hashPassword(password: string): Promise<string> {
  return hash(password, {
    memoryCost: MEMORY_KIB,
    timeCost: ITERATIONS,
    parallelism: 1,
    outputLen: KEY_BYTES,
    salt: randomBytes(SALT_BYTES),
  });
}
