/**
 * Decides by the headers of a browser where a request comes from: whether its cookies count, and
 * where it may be redirected. Other programs send none of these headers and are not concerned:
 * their tokens come in the `Authorization` header.
 */
import type { IncomingMessage } from 'node:http';

export interface OwnOrigins {
  /**
   * Origins of the deployment beside the one that the request names in `Host`:
   * `https://sallyport.example`.
   */
  publicOrigins?: readonly string[] | undefined;
  /**
   * Names that a request may call this server by, beside loopback ones; absent: all. Against DNS
   * rebinding.
   */
  allowedHosts?: readonly string[] | undefined;
}

const SAFE_METHODS = new Set(['GET', 'HEAD']);
const SAME_SITE_FETCHES = new Set(['same-origin', 'none']);

/**
 * Whether the cookies of a request say who calls. A page of another site can make a browser send
 * them, so the browser has to tell that the request comes from here: `Sec-Fetch-Site` for reads,
 * `Origin` for everything else, and a body must be JSON, which no form can send.
 */
export function cookiesCount({ method = '', headers }: IncomingMessage, own: OwnOrigins): boolean {
  if (SAFE_METHODS.has(method)) return SAME_SITE_FETCHES.has(text(headers['sec-fetch-site']));
  return isOwnOrigin(text(headers.origin), text(headers.host), own) && (!hasBody(headers) || isJson(headers));
}

/**
 * Whether an answer may set cookies: a page of another site must not log its visitors in, as
 * whoever it likes.
 */
export const maySetCookies = ({ headers }: IncomingMessage, own: OwnOrigins): boolean =>
  headers.origin === undefined || isOwnOrigin(text(headers.origin), text(headers.host), own);

const text = (value: string | string[] | undefined): string => (Array.isArray(value) ? '' : (value ?? ''));

function isOwnOrigin(origin: string, host: string, { publicOrigins = [] }: OwnOrigins): boolean {
  if (publicOrigins.includes(origin)) return true;
  // A proxy may have ended TLS, so the scheme is not compared.
  const named = /^https?:\/\/([^/]+)$/i.exec(origin)?.[1];
  return named !== undefined && named.toLowerCase() === host.toLowerCase();
}

const hasBody = (headers: IncomingMessage['headers']): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;

const isJson = (headers: IncomingMessage['headers']): boolean =>
  /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');

/**
 * A local target of a redirect, whatever the path holds: browsers take a backslash for a slash and
 * drop tabs and line ends, so that all but the plain characters of RFC 3986 (3.3) are written as
 * escapes.
 */
export function localTarget(path: string, search: string): string {
  const clean = path.replace(/[/\\]{2,}|\\/g, '/').replace(/^\/*/, '/');
  return escaped(clean, /[^\w\-.~!$&'()*+,;=:@%/]/g) + escaped(search, /[^\w\-.~!$&'()*+,;=:@%/?[\]]/g);
}

const escaped = (given: string, unsafe: RegExp): string =>
  given.replace(unsafe, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
