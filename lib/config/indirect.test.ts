import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followReference, IndirectError, resolveIndirect } from './indirect';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-indirect-'));
afterAll(() => rmSync(directory, { recursive: true }));

const fileOf = (text: string): string => {
  const path = join(directory, String(Math.random()));
  writeFileSync(path, text);
  return `file://${path}`;
};

test.each([
  ['value', 'value'],
  ['value\n', 'value'],
  ['value\r\n', 'value'],
  ['value\n\n', 'value\n'],
  [' value \n', ' value '],
  ['\tvalue', '\tvalue'],
  ['one\ntwo\n', 'one\ntwo'],
  [' ', ' '],
])('of %j in a file or a variable, one final line end is dropped and nothing else', (stored, value) => {
  expect(resolveIndirect(fileOf(stored), {})).toBe(value);
  expect(resolveIndirect('env://NAME', { NAME: stored })).toBe(value);
});

test.each([
  ['env://NAME', {}, 'the variable NAME is not set'],
  ['env://NAME', { NAME: '' }, 'the variable NAME is empty'],
  ['env://NAME', { NAME: '\n' }, 'the variable NAME is empty'],
  [' env://NAME ', {}, 'the variable NAME is not set'],
  ['file:///nowhere/at/all', {}, 'the file /nowhere/at/all cannot be read: ENOENT'],
])('%j with %j is an error that names it', (text, env, message) => {
  expect(() => resolveIndirect(text, env)).toThrow(new IndirectError(message, !message.includes('read')));
});

test('an empty file is an error that names it', () => {
  const text = fileOf('\n');
  expect(() => resolveIndirect(text, {})).toThrow(`the file ${text.slice('file://'.length)} is empty`);
});

test('a text that is no reference is itself; one behind string:// is that text', () => {
  expect(resolveIndirect(' plain\n', {})).toBe(' plain\n');
  expect(followReference('plain', {})).toBeUndefined();
  expect(resolveIndirect('string://env://NAME', {})).toBe('env://NAME');
  expect(resolveIndirect('string://', {})).toBe('');
});
