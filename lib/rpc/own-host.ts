/**
 * Whether a request calls a server by one of its own names. A web page can point its own name at a
 * server on the visitor's machine (DNS rebinding), and then shares an origin with that server. The
 * `Host` header still has the name of the page.
 */
import { isIP } from 'node:net';
import { hostOf } from '../config/address';

/**
 * `allowed`: names besides loopback ones; absent: all. Requests of HTTP/1.1 always have a `Host`.
 */
export function isOwnHost(host: string | undefined, allowed: readonly string[] | undefined): boolean {
  if (allowed === undefined || host === undefined) return true;
  const name = nameOf(host);
  return isLoopbackName(name) || allowed.includes(name);
}

/** The host of `host:port`, lower case, without brackets and a final dot. */
const nameOf = (host: string): string => hostOf(host.toLowerCase()).replace(/\.$/, '');

const isLoopbackName = (name: string): boolean =>
  name === 'localhost' ||
  name.endsWith('.localhost') ||
  name === '::1' ||
  (isIP(name) === 4 && name.startsWith('127.'));
