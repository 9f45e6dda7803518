/**
 * Whether a text is an SSH private key that a passphrase opens. Understands OpenSSH's own format
 * (PROTOCOL.key of OpenSSH) and the PEM forms of PKCS#1, SEC1 and, without a passphrase, PKCS#8:
 * the work that encrypted PKCS#8 asks for has no limit. Nothing of the key leaves this file, in
 * errors neither.
 */
import { createDecipheriv, createPrivateKey } from 'node:crypto';
import { limit } from '../limits/limit';
import type { Work } from '../limits/work';
import { bcryptKey } from './bcrypt-kdf';

export type PrivateKeyProblem =
  'no key' | 'broken' | 'passphrase needed' | 'wrong passphrase' | 'passphrase without need';

export class PrivateKeyError extends Error {
  override readonly name = 'PrivateKeyError';

  constructor(readonly problem: PrivateKeyProblem) {
    super(TEXTS[problem]);
  }
}

const TEXTS: Record<PrivateKeyProblem, string> = {
  'no key': 'ssh: no key found',
  broken: 'ssh: malformed or unsupported private key',
  'passphrase needed': 'ssh: this private key is passphrase protected',
  'wrong passphrase': 'Incorrect private key passphrase.',
  'passphrase without need': 'Passphrase supplied for unencrypted key.',
};

const HEADER = /-----BEGIN ((?:[A-Z0-9]{1,20} )?PRIVATE KEY)-----\r?\n/;

/**
 * The key with the line ends that ssh reads, and nothing invisible in front of it: editors of some
 * systems add both.
 */
export const normalizedPrivateKey = (text: string): string => text.replace(/\r\n?/g, '\n').trimStart();

/**
 * Throws {@link PrivateKeyError} unless the key can be used with the passphrase, or without one.
 * What deriving its key costs is charged to `work`.
 */
export async function checkPrivateKey(text: string, passphrase?: string, work?: Work): Promise<void> {
  const header = HEADER.exec(text);
  const label = header?.[1] ?? '';
  const start = (header?.index ?? 0) + (header?.[0].length ?? 0);
  const footer = `-----END ${label}-----`;
  const end = text.indexOf(footer, start);
  if (header === null || end === -1) throw new PrivateKeyError('no key');
  const body = text.slice(start, end);
  const pem = text.slice(header.index, end + footer.length);
  // ssh reads such a key only where nothing stands in front of it.
  if (label === 'OPENSSH PRIVATE KEY' && header.index > 0) throw new PrivateKeyError('no key');
  if (label === 'OPENSSH PRIVATE KEY') return checkOpenSsh(Buffer.from(body, 'base64'), passphrase, work);
  if (label.startsWith('ENCRYPTED')) throw new PrivateKeyError('broken');
  checkPem(pem, /^Proc-Type:.*ENCRYPTED/m.test(body), passphrase);
}

function requirePassphrase(encrypted: boolean, passphrase: string | undefined): void {
  if (encrypted && passphrase === undefined) throw new PrivateKeyError('passphrase needed');
  if (!encrypted && passphrase !== undefined) throw new PrivateKeyError('passphrase without need');
}

function checkPem(pem: string, encrypted: boolean, passphrase: string | undefined): void {
  requirePassphrase(encrypted, passphrase);
  try {
    createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch {
    throw new PrivateKeyError(encrypted ? 'wrong passphrase' : 'broken');
  }
}

const MAGIC = Buffer.from('openssh-key-v1\0');
/** Rounds of the key derivation that are tried, some 25 ms each. OpenSSH's default is 16 or 24. */
const MAX_ROUNDS = limit('rounds of an SSH key', 128, {
  what: 'rounds of deriving the key of an SSH private key with a passphrase',
  unit: 'rounds',
  reached: '400, naming the field; the remedy is `ssh-keygen -p -a 24`',
  test: 'lib/ssh-keys/private-key.test.ts: rounds have a limit, and each is charged before it is done',
});

interface Cipher {
  name: 'aes-128-cbc' | 'aes-256-cbc' | 'aes-128-ctr' | 'aes-192-ctr' | 'aes-256-ctr' | 'aes-256-gcm';
  key: number;
  iv: number;
}
const CIPHERS: Readonly<Record<string, Cipher>> = {
  'aes128-cbc': { name: 'aes-128-cbc', key: 16, iv: 16 },
  'aes256-cbc': { name: 'aes-256-cbc', key: 32, iv: 16 },
  'aes128-ctr': { name: 'aes-128-ctr', key: 16, iv: 16 },
  'aes192-ctr': { name: 'aes-192-ctr', key: 24, iv: 16 },
  'aes256-ctr': { name: 'aes-256-ctr', key: 32, iv: 16 },
  'aes256-gcm@openssh.com': { name: 'aes-256-gcm', key: 32, iv: 12 },
};
const GCM_TAG_BYTES = 16;

async function checkOpenSsh(bytes: Buffer, passphrase: string | undefined, work: Work | undefined): Promise<void> {
  const reader = new Reader(bytes);
  reader.expect(MAGIC);
  const [cipherName, kdf, kdfOptions] = [reader.text(), reader.text(), new Reader(reader.string())];
  requirePassphrase(cipherName !== 'none', passphrase);
  if (reader.uint32() !== 1) throw new PrivateKeyError('broken');
  reader.string();
  const sealed = reader.string();
  if (passphrase === undefined) return checkSection(sealed, 'broken');
  const cipher = Object.hasOwn(CIPHERS, cipherName) ? CIPHERS[cipherName]! : undefined;
  if (cipher === undefined || kdf !== 'bcrypt') throw new PrivateKeyError('broken');
  const [salt, rounds] = [kdfOptions.string(), kdfOptions.uint32()];
  if (rounds < 1 || rounds > MAX_ROUNDS || sealed.length === 0) throw new PrivateKeyError('broken');
  const key = await bcryptKey(Buffer.from(passphrase), { salt, length: cipher.key + cipher.iv, rounds }, work);
  checkSection(decrypt(cipher, key, sealed, reader), 'wrong passphrase');
}

function decrypt(cipher: Cipher, key: Buffer, sealed: Buffer, behind: Reader): Buffer {
  const [secret, iv] = [key.subarray(0, cipher.key), key.subarray(cipher.key)];
  try {
    if (cipher.name === 'aes-256-gcm') {
      const decipher = createDecipheriv(cipher.name, secret, iv);
      decipher.setAuthTag(behind.bytes(GCM_TAG_BYTES));
      return Buffer.concat([decipher.update(sealed), decipher.final()]);
    }
    const decipher = createDecipheriv(cipher.name, secret, iv).setAutoPadding(false);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch (error) {
    throw error instanceof PrivateKeyError ? error : new PrivateKeyError('wrong passphrase');
  }
}

/** The private section starts with the same random number twice, then names the type of the key. */
function checkSection(section: Buffer, otherwise: PrivateKeyProblem): void {
  const reader = new Reader(section);
  if (section.length < 8 || reader.uint32() !== reader.uint32()) throw new PrivateKeyError(otherwise);
  if (!/^[\w@.-]+$/.test(reader.text())) throw new PrivateKeyError('broken');
}

/** Strings with a length in front, as SSH has them. */
class Reader {
  private at = 0;

  constructor(private readonly from: Buffer) {}

  bytes(length: number): Buffer {
    if (this.at + length > this.from.length) throw new PrivateKeyError('broken');
    this.at += length;
    return this.from.subarray(this.at - length, this.at);
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE();
  }

  string(): Buffer {
    return this.bytes(this.uint32());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  expect(prefix: Buffer): void {
    if (!this.bytes(prefix.length).equals(prefix)) throw new PrivateKeyError('broken');
  }
}
