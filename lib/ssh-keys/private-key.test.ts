import { Work, WorkExceeded } from '../limits/work';
import { checkPrivateKey, normalizedPrivateKey } from './private-key';

const uint32 = (n: number): Buffer => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
const string = (bytes: Buffer | string): Buffer => Buffer.concat([uint32(bytes.length), Buffer.from(bytes)]);

/** A key that no passphrase opens. */
function keyWith(rounds: number): string {
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[string('aes256-ctr'), string('bcrypt'), string(Buffer.concat([string('salt'), uint32(rounds)]))],
    ...[uint32(1), string('public'), string(Buffer.alloc(64))],
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

test('rounds have a limit, and each is charged before it is done', async () => {
  await expect(checkPrivateKey(keyWith(129), 'x')).rejects.toMatchObject({ problem: 'broken' });
  const work = new Work(Infinity, Infinity);
  await expect(checkPrivateKey(keyWith(2), 'x', work)).rejects.toMatchObject({ problem: 'wrong passphrase' });
  // 48 bytes are two blocks.
  expect(work.steps).toBe(4_000_000);
  await expect(checkPrivateKey(keyWith(128), 'x', new Work(3_000_000, Infinity))).rejects.toThrow(WorkExceeded);
});

test('line ends of other systems and invisible characters in front are mended; words in front of a key are refused', async () => {
  const key = keyWith(2);
  expect(normalizedPrivateKey(`\ufeff\r\n${key.replaceAll('\n', '\r\n')}`)).toBe(key);
  expect(normalizedPrivateKey(key.replaceAll('\n', '\r'))).toBe(key);
  await expect(checkPrivateKey(`my key:\n${key}`, 'x')).rejects.toMatchObject({ problem: 'no key' });
});
