import { formatAddress, parseAddress, hostOf } from './address';

test.each([
  ['127.0.0.1:1', '127.0.0.1', 1],
  ['db.example', 'db.example', 9200],
  ['[::1]:65535', '::1', 65_535],
  ['[fe80::1%eth0]', 'fe80::1%eth0', 9200],
  ['2001:db8::5', '2001:db8::5', 9200],
])('%s is an address', (text, host, port) => {
  expect(parseAddress(text, 9200)).toEqual({ host, port });
  expect(parseAddress(formatAddress({ host, port }), 1)).toEqual({ host, port });
});

test.each([
  'a:b:c',
  'a:b',
  '1:2:3:4:5',
  ':1',
  '',
  '[::1',
  '[a:b:c]:1',
  '[host]:1',
  'h:65536',
  'h:-1',
  'a b:1',
  '/tmp/x',
  'http://h',
])('%p is none', (text) => expect(parseAddress(text, 9200)).toBeUndefined());

test.each([
  ['name:9202', 'name'],
  ['name', 'name'],
  ['name:', 'name'],
  ['10.0.0.1:1', '10.0.0.1'],
  ['[::1]:443', '::1'],
  ['[::1]', '::1'],
  ['::1', '::1'],
])('the host of %s is %s', (text, host) => expect(hostOf(text)).toBe(host));
