/**
 * BLAKE2b with 32 bytes of output and without a key (RFC 7693), which Node's OpenSSL does not
 * offer.
 */
import { blake2b } from '@noble/hashes/blake2';

export const blake2b256 = (input: Uint8Array): Buffer => Buffer.from(blake2b(input, { dkLen: 32 }));
