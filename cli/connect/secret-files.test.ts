import { readdirSync, readFileSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { SecretFiles } from './secret-files';

const names = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('sallyport-') && name.length === 42);

/** What a program reads that inherits the descriptors. */
const inChild = (files: SecretFiles, path: string): string =>
  spawnSync('sh', ['-c', 'cat "$0" "$0"', path], {
    stdio: ['ignore', 'pipe', 'pipe', ...files.descriptors],
  }).stdout.toString();

test('a program reads them as often as it likes, and no directory lists them', () => {
  const before = names();
  const files = new SecretFiles();
  const [one, two] = [files.forChild('one'), files.forChild('two')];
  const three = files.forPath('three');
  const reports: string[] = [];
  try {
    expect([inChild(files, one), inChild(files, two)]).toEqual(['oneone', 'twotwo']);
    if (process.platform !== 'linux') return;
    expect(readFileSync(three, 'utf8')).toBe('three');
    // ssh closes what it inherits.
    expect(spawnSync('cat', [three]).stdout.toString()).toBe('three');
    expect(statSync(three).mode & 0o777).toBe(0o600);
    expect(names()).toEqual(before);
  } finally {
    files.remove((text) => reports.push(text));
  }
  expect(() => readFileSync(three)).toThrow();
  expect(reports).toEqual([]);
});

test('a secret of any length arrives whole', () => {
  const files = new SecretFiles();
  const text = 'ü'.repeat(100_000);
  expect(inChild(files, files.forChild(text)) === text + text).toBe(true);
  files.remove(() => undefined);
});
