/** Cross-origin requests: which origins may read answers, and the preflight. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface CorsConfig {
  enabled: boolean;
  /** Origins such as `https://admin.example`; empty or exactly `*` allows all. */
  allowedOrigins: readonly string[];
  /** Request headers beside those that every client of the API sends. */
  allowedHeaders?: readonly string[];
}

const METHODS = ['DELETE', 'GET', 'OPTIONS', 'POST', 'PATCH'];
const REQUEST_HEADERS = ['Content-Type', 'X-Requested-With', 'Authorization'];
const EXPOSED_HEADERS = 'Retry-After, RateLimit, RateLimit-Policy';
/** Seconds that browsers may keep a preflight's answer. */
const MAX_AGE = 300;
/** Origin of the desktop client, always allowed. */
const DESKTOP_ORIGIN = 'serve://boundary';

/**
 * Adds the headers of a cross-origin request. True when this is all there is to do: a preflight, or
 * an origin that is not allowed; the response is finished then.
 */
export function handleCors(config: CorsConfig, request: IncomingMessage, response: ServerResponse): boolean {
  const origin = request.headers.origin;
  if (!config.enabled || origin === undefined) return false;
  response.setHeader('Vary', 'Origin');
  const allowed = allowedOrigin(config.allowedOrigins, origin);
  if (allowed === undefined) {
    refuse(response);
    return true;
  }
  response.setHeader('Access-Control-Allow-Origin', allowed);
  if (request.method !== 'OPTIONS') {
    response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    return false;
  }
  if (!METHODS.includes(request.headers['access-control-request-method'] ?? '')) {
    response.writeHead(405).end();
    return true;
  }
  response.writeHead(204, {
    'Access-Control-Allow-Methods': METHODS.join(', '),
    'Access-Control-Allow-Headers': [...REQUEST_HEADERS, ...(config.allowedHeaders ?? [])].join(', '),
    'Access-Control-Max-Age': MAX_AGE,
  });
  response.end();
  return true;
}

function allowedOrigin(origins: readonly string[], origin: string): string | undefined {
  if (origins.length === 0 || (origins.length === 1 && origins[0] === '*')) return '*';
  return origin === DESKTOP_ORIGIN || origins.includes(origin) || origins.includes('*') ? origin : undefined;
}

/** Clients know this shape, which differs from that of other errors. */
function refuse(response: ServerResponse): void {
  response.writeHead(403, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ Status: 403, Inner: { kind: 'PermissionDenied', message: 'origin forbidden' } }));
}
