/**
 * Headers that a caller writes: cookies, correlation id, forwarded addresses, peers. A line each.
 */
import { isIP } from 'node:net';
import { ApiError } from '../../../lib/errors/errors';
import { networkOf } from '../../../lib/limits/network';
import { tokenOfCookies } from '../../../services/controller/gateway/cookies';
import { correlationId, hostOfPeer } from '../../../services/controller/rpc/correlation';
import { callerBehindProxies } from '../../../services/controller/rpc/forwarded';
import { invariant, outcome, type Target } from '../target';

const behind = [0, 1, 3].map((hopSkips) =>
  callerBehindProxies({
    authorizedAddrs: ['10.0.0.0/8', '::1', '2001:db8::/32'],
    hopSkips,
    rejectNotPresent: true,
    rejectNotAuthorized: true,
  }),
);

export const target: Target = {
  seeds: () => [
    'wt-http-token-cookie=b; wt-js-token-cookie=a; x\n0f0e0d0c-0b0a-0908-0706-050403020100\n203.0.113.9, 10.0.0.2\n10.0.0.1',
    'a=b;;=;\nnone\n::ffff:1.2.3.4,[::1]\n::ffff:10.1.1.1',
    '\n\n2001:db8::1, 1.1.1.1, 2.2.2.2, 3.3.3.3\n2001:db8::5',
  ],
  words: ['wt-http-token-cookie=', 'wt-js-token-cookie=', '; ', ', ', '::ffff:', '10.0.0.1', '::1', '%lo', ':9200'],
  maxLength: 2_048,
  open: () => ({
    run(input) {
      const [cookie, correlation, forwarded, peer = ''] = input.toString('latin1').split('\n');
      const token = tokenOfCookies(cookie);
      invariant(token === undefined || token.length <= cookie!.length, 'a token longer than its header');
      const id = outcome(() => correlationId(correlation), ApiError);
      invariant('error' in id || /^[0-9a-f-]{36}$/i.test(id.value), 'a correlation id of the wrong form');
      for (const callerAddress of behind) {
        const caller = outcome(() => callerAddress(hostOfPeer(peer), forwarded), ApiError);
        if ('error' in caller) {
          invariant((caller.error as ApiError).httpStatus === 400, 'a bad header is not the fault of the caller');
          continue;
        }
        if (isIP(caller.value) !== 0) invariant(networkOf(caller.value).length > 0, 'an address without a network');
      }
    },
  }),
};
