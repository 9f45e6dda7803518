import { encodeBase58 } from '../ids/base58';
import {
  decodeAuthorizationToken,
  encodeAuthorizationToken,
  InvalidAuthorizationToken,
  type SessionAuthorizationData,
} from './authorization-token';

const data: SessionAuthorizationData = {
  session_id: 's_1234567890',
  target_id: 'ttcp_1234567890',
  scope: { id: 'p_1234567890', type: 'project', name: 'p', description: '', parent_scope_id: 'o_1234567890' },
  created_time: new Date('2026-05-04T10:00:00Z'),
  type: 'tcp',
  connection_limit: -1,
  endpoint_port: 22,
  expiration: new Date('2026-05-04T18:00:00Z'),
  certificate: Buffer.from([1, 2, 3]),
  private_key: Buffer.alloc(64, 7),
  host_id: 'hst_1234567890',
  endpoint: 'tcp://10.0.0.5:22',
  worker_info: [{ address: '127.0.0.1:9202' }, { address: '[::1]:9202' }],
  default_client_port: 0,
};

test('what goes in comes out', () => {
  expect(decodeAuthorizationToken(`  ${encodeAuthorizationToken(data)}\n`)).toEqual(data);
});

test.each([
  ['', 'is empty'],
  ['not base58: 0OIl', 'not base58'],
  ['1'.repeat(20_000), 'too long'],
  [encodeAuthorizationToken(data).slice(0, 60), 'cut short or damaged'],
  [encodeBase58(Buffer.from('hello there')), 'authorization token'],
  [encodeAuthorizationToken({ ...data, session_id: '', worker_info: [] }), 'no session id, no worker address'],
  [
    encodeAuthorizationToken({ ...data, private_key: Buffer.alloc(32), certificate: Buffer.alloc(0) }),
    'no certificate, no private key',
  ],
])('%.40s: a clear error', (text, message) => {
  expect(() => decodeAuthorizationToken(text)).toThrow(InvalidAuthorizationToken);
  expect(() => decodeAuthorizationToken(text)).toThrow(message);
});
