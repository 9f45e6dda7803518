/**
 * Addresses of endpoints as hosts and targets store them: an IP address or a host name, without a
 * port.
 */
import { limit } from '../../../lib/limits/limit';
import { isIPv6, SocketAddress } from 'node:net';
import type { FieldErrors } from './fields';

const MIN_LENGTH = 3;
const MAX_LENGTH = limit('address of an endpoint', 255, {
  what: 'address of a host or a target',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: every text has its longest',
});

/**
 * A host name, or an IPv4 address; a name followed by a port; an IPv6 address in brackets followed
 * by a port.
 */
const NAME = /^[^\s\p{C}:/@?#[\]\\%"'<>]+$/u;
const NAME_AND_PORT = /^[^:/[\]]*:[^:/[\]]*$/;
const IPV6_AND_PORT = /^\[[^[\]]*\]:[^:[\]]*$/;

/**
 * The address as it is stored: trimmed, IPv6 in its short form. Reports what is wrong with it and
 * answers undefined.
 */
export function readAddress(errors: FieldErrors, field: string, text: string, portRefused: string): string | undefined {
  const address = text.trim();
  if (address.length < MIN_LENGTH || address.length > MAX_LENGTH) {
    errors.add(field, `Address length must be between ${MIN_LENGTH} and ${MAX_LENGTH} characters.`);
    return undefined;
  }
  if (isIPv6(address)) return shortForm(address);
  if (NAME.test(address)) return address;
  const hasPort = NAME_AND_PORT.test(address) || IPV6_AND_PORT.test(address);
  errors.add(field, hasPort ? portRefused : 'Address must be an IP address (IPv6 without brackets) or a host name.');
  return undefined;
}

/** RFC 5952. The zone of a link-local address stays, {@link SocketAddress} would drop it. */
function shortForm(address: string): string {
  const [bare, ...zone] = address.split('%');
  return [new SocketAddress({ address: bare!, family: 'ipv6' }).address, ...zone].join('%');
}
