/** host:port in all the ways people write it. */
import { isIP, isIPv6 } from 'node:net';
import { MAX_PORT } from '../contract/numbers';

export interface HostPort {
  host: string;
  port: number;
}

/**
 * Undefined when the text is no address. IPv6 needs brackets when a port follows; without a port
 * `defaultPort` is taken.
 */
export function parseAddress(text: string, defaultPort: number): HostPort | undefined {
  if (isIPv6(text)) return { host: text, port: defaultPort };
  const match = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ?? /^([^\s:/[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null || (text.startsWith('[') && !isIPv6(match[1]!))) return undefined;
  const port = match[2] === undefined ? defaultPort : Number(match[2]);
  return port > MAX_PORT ? undefined : { host: match[1]!, port };
}

/** The text that {@link parseAddress} reads back. */
export const formatAddress = ({ host, port }: HostPort): string => `${bracketed(host)}:${port}`;

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** A host without the brackets of IPv6, as URLs have them. */
export const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** The host of a text of this form, with or without a port. It is not checked. */
export const hostOf = (text: string): string => (isIPv6(text) ? text : unbracketed(text.replace(/:\d*$/, '')));

/**
 * Whether a host, in lower case and without brackets, is this machine, as no resolver of names has
 * to tell.
 */
export const isThisMachine = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
