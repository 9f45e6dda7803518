/** Texts of configuration: HCL, durations, addresses, numbers, networks. */
import { formatAddress, parseAddress } from '../../../lib/config/address';
import { parseDuration } from '../../../lib/config/duration';
import { parseHcl } from '../../../cli/config/hcl';
import { parseDuration as parseFlagDuration, parseInteger } from '../../../cli/core/numbers';
import { isNetwork } from '../../../services/controller/rpc/forwarded';
import { invariant, same, type Target } from '../target';

export const target: Target = {
  seeds: () => [
    'listener "tcp" {\n  address = "127.0.0.1:9200"\n  purpose = ["api", "ops"]\n  tls_disable = true # off\n}\n',
    'kms "aead" { purpose = "root", key = "a\\"b", n = -1.5 }\n/* end */ controller { name = "x" database { url = "y" } }',
    '1h30m500ms',
    '90',
    '1.5us',
    '127.0.0.1:9200',
    '[::1]:443',
    '10.0.0.0/8',
    '0x1f',
    'a = { b = [[1, [2]], { c = "d" }] }',
  ],
  words: ['"', '{', '}', '[', ']', '=', '//', '/*', '*/', '1h', 'ms', '::', '%eth0', '/128', '__proto__', '\\u0000'],
  maxLength: 4_096,
  open: () => ({
    run(input) {
      const text = input.toString();
      const body = parseHcl(text);
      invariant(
        body === undefined || JSON.stringify(body).length <= 40 + 12 * input.length,
        'a body out of proportion',
      );
      invariant(({} as Record<string, unknown>).polluted === undefined, 'prototypes were changed');
      for (const parse of [parseDuration, parseFlagDuration]) {
        const ms = parse(text);
        invariant(ms === undefined || Number.isFinite(ms), `a duration of ${ms} ms`);
      }
      const address = parseAddress(text, 9200);
      if (address !== undefined) {
        invariant(Number.isInteger(address.port) && address.port >= 0 && address.port <= 65_535, 'no port');
        same(parseAddress(formatAddress(address), 1), address, 'an address changes when it is written again');
      }
      const integer = parseInteger(text);
      invariant(integer === undefined || Number.isSafeInteger(integer), 'no whole number');
      invariant(typeof isNetwork(text) === 'boolean', 'no answer');
    },
  }),
};
