/** The holder that an address stands for when shares are counted. */
import { isIPv6 } from 'node:net';

/** `::ffff:192.0.2.1` as `192.0.2.1`, brackets dropped. */
export const plainAddress = (address: string): string =>
  address.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=\d+\.)/i, '');

/** The IPv6 network of one site, /64, as four groups. IPv4 addresses stand for themselves. */
export function networkOf(given: string): string {
  const address = plainAddress(given);
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return [...front, ...gap, ...back]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}
