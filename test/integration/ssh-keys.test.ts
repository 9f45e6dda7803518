/** Keys come from the real ssh-keygen. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '../harness/tools';
import { checkPrivateKey, PrivateKeyError } from '../../lib/ssh-keys/private-key';

async function problem(text: string, passphrase?: string): Promise<string | undefined> {
  try {
    await checkPrivateKey(text, passphrase);
    return undefined;
  } catch (error) {
    if (!(error instanceof PrivateKeyError)) throw error;
    return error.problem;
  }
}

describeWith(['ssh-keygen'], 'keys of ssh-keygen', () => {
  let directory: string;
  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'sallyport-keys-'))));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  let count = 0;
  function generate(passphrase: string, ...options: string[]): string {
    const file = join(directory, `key${count++}`);
    execFileSync('ssh-keygen', ['-q', '-f', file, '-N', passphrase, '-C', '', ...options]);
    return readFileSync(file, 'utf8');
  }

  test.each([['ed25519'], ['ecdsa']])('%s, with and without a passphrase', async (type) => {
    const plain = generate('', '-t', type);
    expect(await problem(plain)).toBeUndefined();
    expect(await problem(plain, 'x')).toBe('passphrase without need');
    const locked = generate('opensesame', '-t', type, '-a', '1');
    expect(await problem(locked, 'opensesame')).toBeUndefined();
    expect(await problem(locked, 'nope')).toBe('wrong passphrase');
    expect(await problem(locked)).toBe('passphrase needed');
  });

  test.each(['aes256-cbc', 'aes128-ctr', 'aes256-gcm@openssh.com'])('cipher %s', async (cipher) => {
    const locked = generate('opensesame', '-t', 'ed25519', '-a', '3', '-Z', cipher);
    expect(await problem(locked, 'opensesame')).toBeUndefined();
    expect(await problem(locked, 'nope')).toBe('wrong passphrase');
  });

  test('PKCS#8, without a passphrase only', async () => {
    expect(await problem(generate('', '-t', 'rsa', '-b', '1024', '-m', 'PKCS8'))).toBeUndefined();
    const locked = generate('opensesame', '-t', 'rsa', '-b', '1024', '-m', 'PKCS8');
    expect(await problem(locked, 'opensesame')).toBe('broken');
  });

  test('PEM', async () => {
    expect(await problem(generate('', '-t', 'rsa', '-b', '1024', '-m', 'PEM'))).toBeUndefined();
    const locked = generate('opensesame', '-t', 'rsa', '-b', '1024', '-m', 'PEM');
    expect(await problem(locked, 'opensesame')).toBeUndefined();
    expect(await problem(locked, 'nope')).toBe('wrong passphrase');
    expect(await problem(locked)).toBe('passphrase needed');
  });

  test('a key that was cut or changed is refused', async () => {
    const [head, ...lines] = generate('', '-t', 'ed25519').trimEnd().split('\n');
    const tail = lines.pop();
    expect(await problem([head, lines[0], tail].join('\n'))).toBe('broken');
    expect(await problem([head, ['A', lines[0]!.slice(1)].join(''), ...lines.slice(1), tail].join('\n'))).toBe(
      'broken',
    );
  });
});

test('texts that are no private keys', async () => {
  for (const text of ['', 'nope', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']) {
    expect(await problem(text)).toBe('no key');
  }
  const { publicKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  expect(await problem(publicKey)).toBe('no key');
  expect(await problem('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----')).toBe('broken');
});
