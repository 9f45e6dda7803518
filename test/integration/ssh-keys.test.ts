/** Keys come from the real ssh-keygen. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '../harness/tools';
import { checkPrivateKey, PrivateKeyError } from '../../lib/ssh-keys/private-key';

function problem(text: string, passphrase?: string): string | undefined {
  try {
    checkPrivateKey(text, passphrase);
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

  test.each([['ed25519'], ['ecdsa']])('%s, with and without a passphrase', (type) => {
    const plain = generate('', '-t', type);
    expect(problem(plain)).toBeUndefined();
    expect(problem(plain, 'x')).toBe('passphrase without need');
    const locked = generate('opensesame', '-t', type, '-a', '1');
    expect(problem(locked, 'opensesame')).toBeUndefined();
    expect(problem(locked, 'nope')).toBe('wrong passphrase');
    expect(problem(locked)).toBe('passphrase needed');
  });

  test.each(['aes256-cbc', 'aes128-ctr', 'aes256-gcm@openssh.com'])('cipher %s', (cipher) => {
    const locked = generate('opensesame', '-t', 'ed25519', '-a', '1', '-Z', cipher);
    expect(problem(locked, 'opensesame')).toBeUndefined();
    expect(problem(locked, 'nope')).toBe('wrong passphrase');
  });

  test.each(['PEM', 'PKCS8'])('form %s', (form) => {
    expect(problem(generate('', '-t', 'rsa', '-b', '1024', '-m', form))).toBeUndefined();
    const locked = generate('opensesame', '-t', 'rsa', '-b', '1024', '-m', form);
    expect(problem(locked, 'opensesame')).toBeUndefined();
    expect(problem(locked, 'nope')).toBe('wrong passphrase');
    expect(problem(locked)).toBe('passphrase needed');
  });

  test('a key that was cut or changed is refused', () => {
    const [head, ...lines] = generate('', '-t', 'ed25519').trimEnd().split('\n');
    const tail = lines.pop();
    expect(problem([head, lines[0], tail].join('\n'))).toBe('broken');
    expect(problem([head, ['A', lines[0]!.slice(1)].join(''), ...lines.slice(1), tail].join('\n'))).toBe('broken');
  });
});

test('texts that are no private keys', () => {
  for (const text of ['', 'nope', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']) {
    expect(problem(text)).toBe('no key');
  }
  const { publicKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  expect(problem(publicKey)).toBe('no key');
  expect(problem('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----')).toBe('broken');
});
