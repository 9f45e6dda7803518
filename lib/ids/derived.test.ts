import { derivedId } from './derived';

/**
 * Suffixes of another implementation: Go's blake2b and base62.RandomWithReader of go-secure-stdlib.
 */
test.each([
  ['acctoidc', ['amoidc_1234567890', 'https://issuer.example', 'sub-1'], 'acctoidc_MM4wqefuwu'],
  ['acctldap', ['amldap_1234567890', 'einstein'], 'acctldap_nLnSfX5rgC'],
  ['w', ['global', 'w'], 'w_lOlwx9Taua'],
])('%s of %p', (prefix, seeds, id) => {
  expect(derivedId(prefix, ...seeds)).toBe(id);
});
