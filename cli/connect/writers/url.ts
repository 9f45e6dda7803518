/** Names and addresses as they stand in URLs, headers and options about them. */
import { isIP } from 'node:net';
import { formatAddress } from '../../../lib/config/address';
import { Inexpressible } from './inexpressible';

/**
 * The name of a server, or a numeric address; nothing in it can end a header, a URL or an option.
 */
export function hostName(name: string): string {
  if (isIP(name) === 0 && !/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(name))
    throw new Inexpressible('host', 'characters that no host name has', 'a URL');
  return name;
}

/**
 * A name with a port perhaps, as a user gives it: for the connection, and for the header of the
 * request.
 */
export function webHost(text: string): { host: string; header: string } {
  const [, bracketed, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = hostName(bracketed ?? name ?? text);
  const alone = isIP(host) === 6 ? `[${host}]` : host;
  return { host, header: port === undefined ? alone : hostPort(host, Number(port)) };
}

/** A host with a port; addresses of IPv6 in brackets. */
export const hostPort = (host: string, port: number): string => formatAddress({ host: hostName(host), port });

/** Options of curl that lead what is asked of that host and port to an address. */
export function curlTo(host: string, port: number, address: string): string[] {
  const from = hostPort(host, port);
  return isIP(host) === 6
    ? ['--connect-to', `${from}:${hostPort(address, port)}`]
    : ['--resolve', `${from}:${address}`];
}

/** A URL of this scheme. The path is the user's own, already in the form of URLs. */
export function webUrl(scheme: string, host: string, port: number, path = ''): string {
  if (!/^[a-z][a-z0-9+.-]*$/i.test(scheme)) throw new Inexpressible('scheme', 'unusual characters', 'a URL');
  if (/[\x00-\x20\x7f]/.test(path)) throw new Inexpressible('path', 'white space or a control character', 'a URL');
  return `${scheme}://${hostPort(host, port)}${path === '' ? '' : `/${path.replace(/^\//, '')}`}`;
}

/** What opens a remote desktop on macOS. */
export const rdpUrl = (address: string, port: number): string =>
  `rdp://full%20address=s%3A${encodeURIComponent(hostPort(address, port))}`;
