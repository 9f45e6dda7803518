/**
 * Whether a request calls a server by a name of its own. A page can give its own name the address
 * of a server on the visitor's machine (DNS rebinding) and is then of one origin with it; the
 * `Host` header still tells the page's name.
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
