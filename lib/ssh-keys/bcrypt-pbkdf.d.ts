declare module 'bcrypt-pbkdf' {
  /** Bytes of one hash. */
  export const HASHSIZE: number;
  /** One bcrypt hash of hashed password and salt, 64 bytes each, into `out`. */
  export function hash(pass: Uint8Array, salt: Uint8Array, out: Uint8Array): void;
}
