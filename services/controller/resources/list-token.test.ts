import { encodeBase58, decodeBase58 } from '../../../lib/ids/base58';
import { createListTokens, type ListToken } from './list-token';

const tokens = createListTokens(Buffer.alloc(32, 1));
const TOKEN: ListToken = {
  resourceType: 'group',
  grantsHash: 'hash',
  createdMs: 1_000,
  phase: { kind: 'refresh', began: 5, since: 4, after: [3, 'g_1'], removedAfter: [2, 'g_0'] },
};
const expected = { resourceType: 'group', grantsHash: 'hash', nowMs: 2_000 };

test('what was encoded is decoded', () => {
  expect(tokens.decode(tokens.encode(TOKEN), expected)).toEqual(TOKEN.phase);
});

test('one bit anywhere makes it unreadable, with the error that clients know', () => {
  const bytes = decodeBase58(tokens.encode(TOKEN))!;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const forged = Buffer.from(bytes);
    forged[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => tokens.decode(encodeBase58(forged), expected)).toThrow(
      expect.objectContaining({ kind: 'invalid list token', httpStatus: 400 }) as Error,
    );
  }
});

test.each([
  ['of another deployment', createListTokens(Buffer.alloc(32, 2)).encode(TOKEN)],
  ['of the form without a code', encodeBase58(Buffer.from(JSON.stringify([1, 'group', 'hash', 1_000, 'ended', 5])))],
  ['shorter than a code', encodeBase58(Buffer.alloc(15))],
  ['with a code and nothing else', encodeBase58(Buffer.alloc(16))],
  ['longer than any', `${tokens.encode(TOKEN)}${'1'.repeat(1_024)}`],
  ['empty', ''],
  ['no base58', '0OIl'],
])('a token %s is refused', (_, text) => {
  expect(() => tokens.decode(text, expected)).toThrow('list token could not be read');
});

test.each([
  [{ resourceType: 'user' }, 'resource type does not match'],
  [{ grantsHash: 'other' }, 'grants have changed'],
  [{ nowMs: 1_000 + 31 * 24 * 3_600_000 }, 'was expired'],
])('a good token is refused where %j is expected', (other, message) => {
  expect(() => tokens.decode(tokens.encode(TOKEN), { ...expected, ...other })).toThrow(message);
});
