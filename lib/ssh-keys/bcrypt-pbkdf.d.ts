declare module 'bcrypt-pbkdf' {
  /** Fills `key`; 0, or -1 for arguments that are no good. */
  export function pbkdf(
    pass: Uint8Array,
    passLength: number,
    salt: Uint8Array,
    saltLength: number,
    key: Uint8Array,
    keyLength: number,
    rounds: number,
  ): number;
}
