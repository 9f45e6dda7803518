import { callerBehindProxies, DIRECT, isNetwork, type Forwarding } from './forwarded';

const PROXIES: Forwarding = {
  authorizedAddrs: ['192.0.2.0/24', '2001:db8::1'],
  hopSkips: 0,
  rejectNotPresent: true,
  rejectNotAuthorized: true,
};
const of = (more: Partial<Forwarding>, peer: string, header?: string): string => {
  try {
    return callerBehindProxies({ ...PROXIES, ...more })(peer, header);
  } catch (error) {
    return (error as { fields: { description: string }[] }).fields[0]!.description;
  }
};

test('without forwarding the header means nothing', () => {
  expect(DIRECT('::ffff:10.0.0.1', '1.2.3.4')).toBe('10.0.0.1');
});

test.each<[Partial<Forwarding>, string, string | undefined, string]>([
  [{}, '192.0.2.9', '203.0.113.5', '203.0.113.5'],
  [{}, '::ffff:192.0.2.9', ' 203.0.113.5 ', '203.0.113.5'],
  [{}, '2001:db8::1', '2001:db8:5::7', '2001:db8:5::7'],
  // What stands in front came from the caller.
  [{}, '192.0.2.9', '127.0.0.1, 203.0.113.5', '203.0.113.5'],
  [{ hopSkips: 1 }, '192.0.2.9', '127.0.0.1, 203.0.113.5, 192.0.2.1', '203.0.113.5'],
  [
    { hopSkips: 2 },
    '192.0.2.9',
    '203.0.113.5, 192.0.2.1',
    'This header does not name the caller where it is expected.',
  ],
  [{}, '192.0.2.9', 'unknown', 'This header does not name the caller where it is expected.'],
  [{}, '192.0.2.9', '', 'This header does not name the caller where it is expected.'],
  [{}, '192.0.2.9', undefined, 'This header is missing.'],
  [{ rejectNotPresent: false }, '192.0.2.9', undefined, '192.0.2.9'],
  [{}, '203.0.113.5', undefined, '203.0.113.5'],
  [{}, '203.0.113.5', '127.0.0.1', 'This header is not accepted from this address.'],
  [{ rejectNotAuthorized: false }, '203.0.113.5', '127.0.0.1', '203.0.113.5'],
])('%j from %s with %p', (more, peer, header, expected) => {
  expect(of(more, peer, header)).toBe(expected);
});

test('networks', () => {
  expect(['10.0.0.1', '10.0.0.0/8', '::/0', '2001:db8::/32'].every(isNetwork)).toBe(true);
  expect(['', 'host', '10.0.0.0/33', '10.0.0.0/x', '10/8', '::/129', '10.0.0.0/8/8'].some(isNetwork)).toBe(false);
});
