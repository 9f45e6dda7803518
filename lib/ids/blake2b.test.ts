import { blake2b256 } from './blake2b';

/** Results of another implementation. */
test.each([
  ['nothing', '', '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8'],
  ['abc', 'abc', 'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319'],
  ['one block', 'x'.repeat(128), '164ffb7089bae6f5a62fb0795e751dc9e88eac92e1a5b2fafe93a25abf2d9c3b'],
  ['two blocks', 'y'.repeat(129), '1fae0060de404a27c2a5cb5668c24b7277cc51ddd2c3dae88b8a824a81193a49'],
])('%# %s', (_, input, expected) => {
  expect(blake2b256(Buffer.from(input)).toString('hex')).toBe(expected);
});
