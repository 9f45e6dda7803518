import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from './directory';

const home = mkdtempSync(join(tmpdir(), 'sallyport-dir-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test('makes missing levels with the mode, and again changes nothing', () => {
  const path = join(home, 'a/b/c');
  makeDirectory(path, 0o700);
  makeDirectory(path, 0o755);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('tells where it cannot, also where the file system knows no mkdir', () => {
  writeFileSync(join(home, 'file'), '');
  expect(() => makeDirectory(join(home, 'file/x'), 0o700)).toThrow(/ENOTDIR/);
  expect(() => makeDirectory('/proc/sallyport/x', 0o700)).toThrow(/ENOENT|EACCES|EPERM/);
});
