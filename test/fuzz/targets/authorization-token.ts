/** Authorization tokens: arbitrary text, and arbitrary messages in base58. */
import { decodeBase58, encodeBase58, MAX_BASE58_LENGTH } from '../../../lib/ids/base58';
import {
  decodeAuthorizationToken,
  encodeAuthorizationToken,
  InvalidAuthorizationToken,
} from '../../../lib/transport/authorization-token';
import { mutateMessage } from '../protobuf';
import { invariant, outcome, same, type Target } from '../target';

const TOKEN = encodeAuthorizationToken({
  session_id: 's_1234567890',
  target_id: 'ttcp_1234567890',
  scope: undefined,
  created_time: new Date(1_700_000_000_000),
  expiration: new Date(1_700_000_100_000),
  host_id: '',
  type: 'tcp',
  connection_limit: -1,
  endpoint_port: 22,
  default_client_port: 0,
  endpoint: 'tcp://10.0.0.1:22',
  certificate: Buffer.alloc(40, 1),
  private_key: Buffer.alloc(64, 2),
  worker_info: [{ address: '127.0.0.1:9202' }],
});

export const target: Target = {
  seeds: () => [decodeBase58(TOKEN)!, TOKEN, '1111', ''],
  mutate: mutateMessage,
  maxLength: 2_048,
  open: () => ({
    run(input) {
      const back = decodeBase58(encodeBase58(input));
      if (encodeBase58(input).length <= MAX_BASE58_LENGTH) same(back, input, 'base58 does not read back');
      for (const text of [input.toString(), encodeBase58(input)]) {
        const read = outcome(() => decodeAuthorizationToken(text), InvalidAuthorizationToken);
        if ('error' in read) {
          invariant(text.trim().length < 8 || !read.error.message.includes(text.trim()), 'the error repeats the token');
          continue;
        }
        same(
          decodeAuthorizationToken(encodeAuthorizationToken(read.value)),
          read.value,
          'a token changes when written again',
        );
      }
    },
  }),
};
