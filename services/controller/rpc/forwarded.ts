/**
 * The caller's address behind proxies. Trusted proxies append the address of their own caller to
 * `X-Forwarded-For`. A fixed number of entries at the end stand for further proxies and are
 * skipped. Entries before those may be invented by the caller and are never looked at.
 */
import { BlockList, isIP } from 'node:net';
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import { plainAddress } from '../../../lib/limits/network';

export interface Forwarding {
  /** Addresses and networks (`10.0.0.0/8`) of the proxies that may say who called. */
  authorizedAddrs: readonly string[];
  /** Entries to skip at the end: proxies behind the first one. */
  hopSkips: number;
  /**
   * Refuses requests of authorized proxies without the header; else the proxy counts as the caller.
   */
  rejectNotPresent: boolean;
  /** Refuses requests with the header from elsewhere; else the header is ignored. */
  rejectNotAuthorized: boolean;
}

/**
 * Numeric address of the caller, from that of the connection and the header. Throws
 * {@link ApiError}.
 */
export type CallerAddress = (peer: string, header: string | undefined) => string;

/** Without forwarding, the peer of the connection is the caller. */
export const DIRECT: CallerAddress = (peer) => plainAddress(peer);

/** Undefined when the text is neither an address nor a network. */
function networkOf(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', length, ...more] = text.split('/');
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (version === 0 || more.length > 0 || !(bits >= 0 && bits <= most)) return undefined;
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

export const isNetwork = (text: string): boolean => networkOf(text) !== undefined;

/** Whether a numeric address is that of a proxy that may say who called. */
export function proxiesOf({ authorizedAddrs }: Pick<Forwarding, 'authorizedAddrs'>): (address: string) => boolean {
  const trusted = new BlockList();
  for (const text of authorizedAddrs) {
    const network = networkOf(text);
    if (network !== undefined) trusted.addSubnet(network.address, network.bits, network.family);
  }
  // A connection that is gone already has no address.
  return (peer) => isIP(peer) !== 0 && trusted.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4');
}

export function callerBehindProxies(forwarding: Forwarding): CallerAddress {
  const isTrusted = proxiesOf(forwarding);
  return (connected, header) => {
    const peer = plainAddress(connected);
    if (!isTrusted(peer)) {
      if (header !== undefined && forwarding.rejectNotAuthorized) throw refused('is not accepted from this address');
      return peer;
    }
    if (header === undefined) {
      if (forwarding.rejectNotPresent) throw refused('is missing');
      return peer;
    }
    const address = plainAddress((header.split(',').at(-1 - forwarding.hopSkips) ?? '').trim());
    if (isIP(address) === 0) throw refused('does not name the caller where it is expected');
    return address;
  };
}

const refused = (what: string): ApiError =>
  invalidArgument('Error in provided request.', [{ name: 'x-forwarded-for', description: `This header ${what}.` }]);
