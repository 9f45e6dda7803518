import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { decodeBase58, encodeBase58, MAX_BASE58_LENGTH } from './base58';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** By the definition: a big number in base 58, a "1" for each leading zero byte. */
function byDefinition(bytes: Uint8Array): string {
  let number = BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)]! + text;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return '1'.repeat(zeros === -1 ? bytes.length : zeros) + text;
}

test('known values', () => {
  expect(encodeBase58(Buffer.from('Hello World!'))).toBe('2NEpo7TZRRrLZSi2U');
  expect(encodeBase58(Buffer.from('0000287fb4cd', 'hex'))).toBe('11233QC4');
  expect(encodeBase58(Buffer.alloc(0))).toBe('');
  expect(encodeBase58(Buffer.alloc(3))).toBe('111');
});

test('agrees with the definition, there and back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = encodeBase58(bytes);
      expect(text).toBe(byDefinition(bytes));
      expect(decodeBase58(text)?.equals(bytes)).toBe(true);
    }),
  );
  const long = randomBytes(2_000);
  expect(encodeBase58(long)).toBe(byDefinition(long));
  expect(decodeBase58(encodeBase58(long))?.equals(long)).toBe(true);
});

test('a longer text than the caller wants is not decoded', () => {
  expect(decodeBase58('z'.repeat(10), 10)).toBeDefined();
  expect(decodeBase58('z'.repeat(11), 10)).toBeUndefined();
});

test('foreign characters and too long texts are refused', () => {
  for (const text of ['0', 'O', 'I', 'l', 'a b', 'ä', '1'.repeat(MAX_BASE58_LENGTH + 1)]) {
    expect(decodeBase58(text)).toBeUndefined();
  }
});
