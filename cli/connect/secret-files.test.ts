import { existsSync, readFileSync, statSync } from 'node:fs';
import { SecretFiles } from './secret-files';

test('files are for their owner alone and go away together', () => {
  const files = new SecretFiles();
  const paths = [files.write('one'), files.write('two')];
  const reports: string[] = [];
  try {
    expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(['one', 'two']);
    expect(paths.map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  } finally {
    files.remove((text) => reports.push(text));
  }
  expect(paths.map((path) => existsSync(path))).toEqual([false, false]);
  expect(reports).toEqual([]);
});
