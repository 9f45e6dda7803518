/**
 * Whether a request calls a server by one of its own names. A web page can point its own name at a
 * server on the visitor's machine (DNS rebinding), and then shares an origin with that server. The
 * `Host` header still has the name of the page.
 */
import { hostOf, isThisMachine } from '../config/address';

/**
 * `allowed`: names besides loopback ones; absent: all. Requests of HTTP/1.1 always have a `Host`.
 */
export function isOwnHost(host: string | undefined, allowed: readonly string[] | undefined): boolean {
  if (allowed === undefined || host === undefined) return true;
  const name = nameOf(host);
  return isThisMachine(name) || name.endsWith('.localhost') || allowed.includes(name);
}

/** The host of `host:port`, lower case, without brackets and a final dot. */
const nameOf = (host: string): string => hostOf(host.toLowerCase()).replace(/\.$/, '');
