import { covers, keptBack, keptBackWarning, secretPlace } from './secret-place';

const GIVEN = secretPlace({ servers: ['https://vault.example:8200'], ca: ['CA'], server_name: 'vault' });

test.each([
  ['the same', {}, true],
  ['a final slash', { servers: ['https://VAULT.example:8200/'] }, true],
  ['another port', { servers: ['https://vault.example:8201'] }, false],
  ['another host', { servers: ['https://vault.example.evil.example:8200'] }, false],
  ['a path', { servers: ['https://vault.example:8200/evil'] }, false],
  ['in clear', { servers: ['http://vault.example:8200'] }, false],
  ['one more', { servers: ['https://vault.example:8200', 'https://evil.example'] }, false],
  ['none', { servers: [] }, true],
  ['another authority', { ca: ['other'] }, false],
  ['one more authority', { ca: ['CA', 'other'] }, false],
  ['the authorities of the system', { ca: [] }, false],
  ['unchecked', { unverified: true }, false],
  ['another name', { server_name: 'evil' }, false],
  ['StartTLS besides', { start_tls: true }, true],
])('a secret goes to %s: %s', (_, change, expected) => {
  expect(covers(GIVEN, { ...GIVEN, ...change })).toBe(expected);
});

test('a secret given for an unchecked connection goes over a checked one too; StartTLS must stay', () => {
  const unchecked = { ...GIVEN, unverified: true };
  expect(covers(unchecked, { ...GIVEN, ca: ['other'], unverified: false })).toBe(true);
  const withTls = { ...GIVEN, start_tls: true };
  expect(covers(withTls, { ...withTls, start_tls: false })).toBe(false);
  expect(covers({ ...withTls, unverified: true }, { ...withTls, start_tls: false })).toBe(false);
});

test('an issuer is the same with the path of its document', () => {
  const place = (issuer: string) => secretPlace({ servers: [issuer] });
  expect(covers(place('https://id.example'), place('https://id.example/.well-known/openid-configuration'))).toBe(true);
});

test('the warning names what is kept back', () => {
  const elsewhere = { ...GIVEN, servers: ['https://other.example'] };
  const names = keptBack({ token: GIVEN, client_certificate_key: null, bind_password: elsewhere }, GIVEN);
  expect(names).toEqual(['bind_password']);
  expect(keptBackWarning(names)).toContain('bind_password is kept back');
  expect(keptBackWarning(['a', 'b'])).toContain('a and b are kept back');
  expect(keptBackWarning([])).toBeUndefined();
});
