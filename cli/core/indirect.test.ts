import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followReference, maybeIndirect, mustBeIndirect } from './indirect';

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'sallyport-indirect-'))));
afterAll(() => rmSync(directory, { recursive: true }));

test('variables and files, without their final line end', () => {
  writeFileSync(join(directory, 'pw'), ' secret\r\n');
  expect(followReference('env://PW', { PW: ' x ' })).toBe(' x ');
  for (const env of [{}, { NOPE: '' }, { NOPE: '\n' }])
    expect(() => followReference('env://NOPE', env)).toThrow(/^The variable NOPE is (not set|empty)$/);
  expect(followReference(`file://${join(directory, 'pw')}`, {})).toBe(' secret');
  expect(followReference('string://env://PW', {})).toBe('env://PW');
  expect(maybeIndirect('plain', {})).toBe('plain');
});

test('a file that is not there is named, a secret on the command line refused and not repeated', () => {
  expect(() => followReference('file:///nope/pw', {})).toThrow('The file /nope/pw cannot be read: ENOENT');
  expect(() => mustBeIndirect('password', 'hunter2', {})).toThrow(/-password must be used with env:\/\/ or file:\/\//);
  expect(() => mustBeIndirect('password', 'hunter2', {})).not.toThrow(/hunter2/);
});
