/**
 * SSH private keys, as text and as the content of OpenSSH's own format; with a passphrase when that
 * is cheap.
 */
import { generateKeyPairSync } from 'node:crypto';
import { checkPrivateKey, PrivateKeyError } from '../../../lib/ssh-keys/private-key';
import { invariant, type Target } from '../target';

const text = (part: string | Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return Buffer.concat([length, Buffer.from(part)]);
};
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const MAGIC = Buffer.from('openssh-key-v1\0');
const SECTION = Buffer.concat([
  number(7),
  number(7),
  text('ssh-ed25519'),
  text(Buffer.alloc(32)),
  text(Buffer.alloc(64)),
  text('me'),
]);

function openSsh(cipher: string, kdf: string, rounds: number): Buffer {
  const options = kdf === 'none' ? Buffer.alloc(0) : Buffer.concat([text(Buffer.alloc(16)), number(rounds)]);
  const section = Buffer.concat([SECTION, Buffer.alloc(16 - (SECTION.length % 16), 1)]);
  return Buffer.concat([
    MAGIC,
    text(cipher),
    text(kdf),
    text(options),
    number(1),
    text('public'),
    text(section),
    Buffer.alloc(16),
  ]);
}

const pem = (bytes: Buffer): string =>
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;

/** The derivation costs some 25 ms a round, as documented: not what this is about. */
function isCheap(bytes: Buffer): boolean {
  const at = bytes.indexOf('bcrypt');
  const rounds =
    at < 0
      ? []
      : [...bytes.subarray(at).keys()].map((i) => (at + i + 4 <= bytes.length ? bytes.readUInt32BE(at + i) : 0));
  return at >= 0 && !rounds.some((value) => value > 1 && value <= 128 && value !== 16 && value !== 6);
}

export const target: Target = {
  seeds: () => [
    openSsh('none', 'none', 0),
    openSsh('aes256-ctr', 'bcrypt', 1),
    openSsh('aes256-gcm@openssh.com', 'bcrypt', 1),
    openSsh('aes128-cbc', 'bcrypt', 1),
    pem(openSsh('none', 'none', 0)),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----',
  ],
  maxLength: 2_048,
  open: () => ({
    async run(input) {
      for (const key of [input.toString('latin1'), pem(input)]) {
        for (const passphrase of isCheap(input) && key !== input.toString('latin1')
          ? [undefined, 'secret']
          : [undefined]) {
          try {
            await checkPrivateKey(key, passphrase);
          } catch (error) {
            if (!(error instanceof PrivateKeyError)) throw error;
            invariant(error.message.length < 80, 'a refusal that may hold the key');
          }
        }
      }
    },
  }),
};
