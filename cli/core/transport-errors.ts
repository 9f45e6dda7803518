/** Explains what went wrong on the way to the controller, and what to do about it. */
import { status, type ServiceError } from '@grpc/grpc-js';
import type { Address } from './address';

/** One sentence; the technical detail stands in parentheses at its end. */
export function explainTransport(error: ServiceError, address: Address): string {
  const detail = (error.details ?? error.message)
    .replace(/\s+/g, ' ')
    .replace(/^No connection established\. Last error: (?:Error: )?/, '')
    .replace(/\.? Resolution note: $/, '')
    // OpenSSL's form is code:error:number:library:function:reason:file:line: of which only the
    // reason tells a person anything.
    .replace(/[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):[^:]*:\d+:/g, '$1')
    .replace(/ ?\(\d{4}-\d\d-\d\dT[^)]*\)/g, '')
    .trim();
  const known = KNOWN.find(([pattern]) => pattern.test(detail));
  if (known !== undefined) return `${known[1](address)} (${detail})`;
  if (error.code === status.DEADLINE_EXCEEDED)
    return `no answer from ${address.url} in time; set SALLYPORT_CLIENT_TIMEOUT to wait longer (${detail})`;
  if (error.code === status.UNIMPLEMENTED)
    return `the server at ${address.url} does not know this call; is it an older controller? (${detail})`;
  return `${address.url}: ${detail}`;
}

const KNOWN: [RegExp, (address: Address) => string][] = [
  [
    /ECONNREFUSED/,
    ({ url }) => `nothing listens at ${url}; start the controller, or name its address with -addr or SALLYPORT_ADDR`,
  ],
  [/ENOTFOUND|EAI_AGAIN|Name resolution failed/, ({ url }) => `the name in ${url} does not resolve; check -addr`],
  [
    /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/,
    ({ url }) => `${url} cannot be reached from here; check -addr and the network`,
  ],
  [
    /wrong version number|packet length too long|before secure TLS connection|EPROTO.*(http request|unknown protocol)/i,
    ({ url }) => `the server at ${url} does not speak TLS; use http:// in -addr`,
  ],
  [
    /self.signed|unable to (verify|get)|certificate has expired|CERT_|altnames|DEPTH_ZERO/i,
    ({ url }) =>
      `the certificate of ${url} is not trusted; name its authority with -ca-cert, or its name with -tls-server-name`,
  ],
  [
    /certificate required|bad certificate|handshake failure/i,
    ({ url }) => `${url} refused the TLS handshake; does it want a client certificate (-client-cert and -client-key)?`,
  ],
  [
    /Failed to connect|Protocol error|HTTP status code|Parse Error|ECONNRESET|socket hang up|session closed|GOAWAY|Connection dropped|closed before/i,
    ({ url, tls }) =>
      `the server at ${url} is no controller, or expects ${tls ? 'another protocol' : 'TLS (https:// in -addr)'}`,
  ],
];
