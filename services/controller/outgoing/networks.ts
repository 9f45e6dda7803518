/**
 * Where requests on behalf of users may go. Whoever may configure a Vault store or an auth method
 * names an address that the controller then calls; it must not be one that only the controller can
 * reach by its position: its own host, its link, the metadata service of its cloud.
 */
import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../../../lib/limits/network';

/**
 * Network, bits. RFC 6890 lists most of them; the single addresses and those in fd00 are metadata
 * services of clouds. IPv6 networks that hide an IPv4 address in a place that only the network
 * knows are forbidden as a whole.
 */
const FORBIDDEN: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.0', 24],
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32],
  ['fd00:42::42', 128],
  ['fd00:c1::a9fe:a9fe', 128],
  ['fd20:ce::254', 128],
  // Translation with a local prefix (RFC 8215) and without state (RFC 7915), tunnels (RFC 4380),
  // nowhere (RFC 6666).
  ['64:ff9b:1::', 48],
  ['::ffff:0:0:0', 96],
  ['2001::', 32],
  ['100::', 64],
];

/** Whether a request may go to a numeric address. */
export type AllowedAddress = (address: string) => boolean;

/** `exceptions`: addresses and networks (`127.0.0.0/8`) that are allowed all the same. */
export function allowedAddresses(exceptions: readonly string[]): AllowedAddress {
  const forbidden = new BlockList();
  for (const [network, bits] of FORBIDDEN) forbidden.addSubnet(network, bits, familyOf(network));
  const excepted = new BlockList();
  for (const text of exceptions) {
    const [network = '', bits] = text.split('/');
    excepted.addSubnet(network, bits === undefined ? bitsOf(network) : Number(bits), familyOf(network));
  }
  return (given) => {
    const address = reachedBy(given);
    if (isIP(address) === 0) return false;
    return excepted.check(address, familyOf(address)) || !forbidden.check(address, familyOf(address));
  };
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const bitsOf = (address: string): number => (isIP(address) === 6 ? 128 : 32);

/**
 * The IPv4 address that an address of IPv6 leads to: mapped, NAT64 (RFC 6052), 6to4 (RFC 3056);
 * others as they are.
 */
function reachedBy(given: string): string {
  const address = plainAddress(given.split('%')[0]!);
  if (isIP(address) !== 6) return address;
  const groups = groupsOf(address);
  const last = groups.slice(6);
  const isZero = (from: number, to: number): boolean => groups.slice(from, to).every((group) => group === 0);
  const isMapped = isZero(0, 5) && groups[5] === 0xffff;
  const isCompatible = isZero(0, 6) && groups[6] !== 0;
  const isTranslated = groups[0] === 0x64 && groups[1] === 0xff9b && isZero(2, 6);
  if (isMapped || isCompatible || isTranslated) return dotted(last);
  return groups[0] === 0x2002 ? dotted(groups.slice(1, 3)) : address;
}

/** The eight groups of an IPv6 address; a dotted end is two of them. */
function groupsOf(address: string): number[] {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [front = '', back] = plain.split('::');
  const numbers = (text: string | undefined): number[] =>
    text ? text.split(':').map((group) => parseInt(group, 16)) : [];
  const [head, tail] = [numbers(front), numbers(back)];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

const dotted = ([high = 0, low = 0]: number[]): string => [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
