import { randomBytes } from 'node:crypto';
import { decryptMarked, encryptMarked, EncryptedValueError } from './encrypted-values';

const key = { id: 'k', key: randomBytes(32) };
const file = '{"a": "{{encrypt(p)w)}}",\n "b": "{{encrypt(ü)}} and {{encrypt()}}", "c": "{{decrypt(}}"}';

test('what is marked is encrypted, differently each time, and comes back', () => {
  const once = encryptMarked(file, key, false);
  expect(once.count).toBe(3);
  expect(once.text).not.toMatch(/encrypt\(|p\)w|ü/);
  expect(once.text.match(/\{\{decrypt\([\w-]+\)\}\}/g)).toHaveLength(3);
  expect(encryptMarked(file, key, false).text).not.toBe(once.text);
  expect(decryptMarked(once.text, key, false)).toEqual({ text: file, count: 3 });
  expect(decryptMarked(once.text, key, true).text).toBe('{"a": "p)w",\n "b": "ü and ", "c": "{{decrypt(}}"}');
});

test('a stripped result has no marker', () => {
  expect(encryptMarked('x {{encrypt(y)}}', key, true).text).toMatch(/^x [\w-]+$/);
});

test.each([
  ['another key', (sealed: string) => sealed, { id: 'k', key: randomBytes(32) }],
  [
    'a changed byte',
    (sealed: string) => sealed.slice(0, 30) + (sealed[30] === 'A' ? 'B' : 'A') + sealed.slice(31),
    key,
  ],
  ['no blob at all', () => '{{decrypt(nonsense)}}', key],
])('%s is refused with the line and without the text', (_, change, other) => {
  const sealed = `\n${change(encryptMarked('{{encrypt(secret)}}', key, false).text)}`;
  expect(() => decryptMarked(sealed, other, false)).toThrow(EncryptedValueError);
  expect(() => decryptMarked(sealed, other, false)).toThrow(/^line 2: (?!.*secret)/);
});
