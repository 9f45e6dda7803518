import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../testing/run';

let directory: string;
let file: string;
const key = randomBytes(32).toString('base64');
const text = JSON.stringify({
  kms: [
    { purpose: 'root', type: 'aead', aead_type: 'aes-gcm', key: 'not this one' },
    { purpose: ['config'], type: 'aead', aead_type: 'aes-gcm', key: 'env://KEY', key_id: 'c' },
  ],
  controller: { database: { url: '{{encrypt(postgres://u:p@h/d)}}' } },
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
  file = join(directory, 'c.json');
  writeFileSync(file, text, { mode: 0o640 });
});
afterEach(() => rmSync(directory, { recursive: true }));

const config = (...argv: string[]) => runCli(['config', ...argv], { env: { KEY: key } });

test('encrypts, keeps the file, and decrypts to what was there', async () => {
  const printed = await config('encrypt', '-config', file);
  expect([printed.exit, printed.stderr, readFileSync(file, 'utf8')]).toEqual([0, '', text]);
  expect(printed.stdout).toMatch(/\{\{decrypt\([\w-]+\)\}\}/);
  expect(printed.stdout).not.toContain('postgres');
  expect(await config('encrypt', '-config', file, '-overwrite')).toEqual({ exit: 0, stdout: '', stderr: '' });
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([
    expect.not.stringContaining('postgres'),
    0o640,
  ]);
  expect((await config('decrypt', '-config', file)).stdout).toBe(`${text}\n`);
  expect((await config('decrypt', '-config', file, '-strip')).stdout).toContain('"postgres://u:p@h/d"');
});

test('the key may stand in a file of its own', async () => {
  const kms = join(directory, 'kms.json');
  writeFileSync(kms, JSON.stringify({ kms: { purpose: 'config', type: 'aead', aead_type: 'aes-gcm', key } }));
  writeFileSync(file, '{"a": "{{encrypt(x)}}"}');
  expect((await config('encrypt', '-config', file, '-config-kms', kms)).exit).toBe(0);
});

test.each([
  ['HCL', () => `kms "aead" {\n  purpose = "config" # ours\n  aead_type = "aes-gcm"\n  key = "${key}"\n}\n`],
  ['JSON with labels', () => JSON.stringify({ kms: { aead: { purpose: 'config', aead_type: 'aes-gcm', key } } })],
  ['a list of them', () => JSON.stringify({ kms: [{ aead: [{ purpose: ['config'], aead_type: 'aes-gcm', key }] }] })],
])('files of Boundary: %s', async (_form, kms) => {
  const before = `${kms()}\n{{encrypt(x)}}\n`;
  const path = join(directory, 'kms');
  writeFileSync(path, kms());
  writeFileSync(file, before);
  expect((await config('encrypt', '-config', file, '-config-kms', path, '-overwrite')).exit).toBe(0);
  expect(readFileSync(file, 'utf8')).not.toContain('x)');
  expect((await config('decrypt', '-config', file, '-config-kms', path)).stdout).toBe(before);
});

test.each([
  [[], 3, '-config'],
  [['-config', '/nonexistent'], 2, 'ENOENT'],
])('config decrypt %j: status %i', async (flags, exit, text) => {
  expect(await config('decrypt', ...flags)).toEqual({ exit, stdout: '', stderr: expect.stringContaining(text) });
});

test.each([
  ['{}', '-config-kms'],
  ['{"a":', 'JSON'],
  ['{"kms": {"purpose": "config", "type": "awskms"}}', 'aead'],
  ['{"kms": {"purpose": "config", "type": "aead", "key": "c2hvcnQ="}}', '32 bytes'],
])('a file without a usable key (%s): status 2', async (content, remedy) => {
  writeFileSync(file, content);
  const { exit, stderr } = await config('encrypt', '-config', file);
  expect([exit, stderr]).toEqual([2, expect.stringContaining(remedy)]);
  expect(stderr).not.toContain('c2hvcnQ=');
});

test('a file without markers is told', async () => {
  expect((await config('decrypt', '-config', file)).stderr).toContain('no {{decrypt(...)}} marker');
});
