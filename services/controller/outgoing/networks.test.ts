import { allowedAddresses } from './networks';

test.each([
  '127.0.0.1',
  '127.255.1.2',
  '0.0.0.0',
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
  'fd00:ec2::254',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:169.254.169.254',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::169.254.169.254',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '64:FF9B:0:0:0:0:A9FE:A9FE',
  '64:ff9b:1::a9fe:a9fe',
  '64:ff9b:1:a9fe:a9:fe00::',
  '::ffff:0:169.254.169.254',
  '::ffff:0:7f00:1',
  '2001:0:a9fe:a9fe::1',
  '100::1',
  'fd00:ec2::23',
  'fd00:42::42',
  '::ffff:100.100.100.200',
  '64:ff9b::100.100.100.200',
  '::ffff:0.0.0.0',
  'febf::1',
  'localhost',
  '',
])('%s is not allowed', (address) => {
  expect(allowedAddresses([])(address)).toBe(false);
});

test.each([
  '10.0.0.1',
  '192.168.1.1',
  '172.16.0.1',
  '203.0.113.5',
  '100.64.0.1',
  '2001:db8::1',
  'fd12::1',
  '64:ff9b::a00:1',
  '::ffff:10.0.0.1',
  '2002:a00:1::1',
  '2001:4860::1',
  'fd00:ec3::1',
])('%s is allowed', (address) => {
  expect(allowedAddresses([])(address)).toBe(true);
});

test('configuration makes exceptions, in all ways of writing an address', () => {
  const allowed = allowedAddresses(['127.0.0.0/8', '::1']);
  expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].every(allowed)).toBe(true);
  expect(['169.254.169.254', 'fe80::1', '::2'].map(allowed)).toEqual([false, false, true]);
});
