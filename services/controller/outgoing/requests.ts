/**
 * The one way in which a controller calls servers that users name. Every address is checked after
 * its name was resolved and is the one that is connected to; redirects are answers like others and
 * are not followed; time and size are limited. Whatever fails is told as {@link NotReached},
 * without a reason: reasons would let callers explore the network.
 */
import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { unbracketed } from '../../../lib/config/address';
import { boundedRequest } from '../../../lib/http/bounded-request';
import { limit } from '../../../lib/limits/limit';
import type { AllowedAddress } from './networks';

/** No answer came, for whatever reason. `cause` is for the log of the controller. */
export class NotReached extends Error {
  override readonly name = 'NotReached';
  constructor(cause: unknown) {
    super('could not be reached', { cause });
  }
}

export interface OutgoingTls {
  /** PEM; the system's authorities when absent. */
  ca?: string | string[];
  rejectUnauthorized?: boolean;
  servername?: string;
  /** PEM, of the client. */
  cert?: string;
  key?: string;
}

export interface OutgoingRequest {
  method?: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: object;
  tls?: OutgoingTls;
  signal?: AbortSignal;
}

export interface OutgoingAnswer {
  status: number;
  /** UTF-8. */
  text: string;
}

/** Sends one request. Rejects with {@link NotReached} only. */
export type Outgoing = (url: string, request: OutgoingRequest) => Promise<OutgoingAnswer>;

const TIMEOUT_MS = limit('time of a request on behalf of a user', 10_000, {
  what: 'connecting to a Vault or an OIDC provider, sending and reading, together',
  unit: 'ms',
  reached: 'the server counts as one that could not be reached',
  test: 'services/controller/outgoing/requests.test.ts: a server that never answers, or never ends',
});
const MAX_ANSWER_BYTES = limit('answer to a request on behalf of a user', 1_048_576, {
  what: 'answer of a Vault or an OIDC provider',
  unit: 'bytes',
  reached: 'the server counts as one that could not be reached',
  test: 'services/controller/outgoing/requests.test.ts: an answer without end is cut',
});

export function createOutgoing(allowed: AllowedAddress, { timeoutMs = TIMEOUT_MS } = {}): Outgoing {
  const resolve = resolving(allowed);
  return async (url, request) => {
    try {
      const target = new URL(url);
      const host = unbracketed(target.hostname);
      // Node resolves no numeric addresses.
      if (isIP(host) !== 0 && !allowed(host)) throw new Error(`${host} is not allowed`);
      return await send(target, request, { resolve, timeoutMs });
    } catch (error) {
      throw new NotReached(error);
    }
  };
}

/** Resolves names to their allowed addresses. All other addresses count as not existing. */
const resolving =
  (allowed: AllowedAddress): LookupFunction =>
  (name, options, done) => {
    lookup(name, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const usable = (addresses ?? []).filter(({ address }) => allowed(address));
      const [first] = usable;
      if (error !== null || first === undefined) {
        const refused = Object.assign(new Error(`${name} has no address that is allowed`), { code: 'ENOTFOUND' });
        return done(error ?? refused, '', 0);
      }
      if (options.all === true) return done(null, usable);
      return done(null, first.address, first.family);
    });
  };

const send = (
  url: URL,
  { method = 'GET', headers = {}, body, tls = {}, signal }: OutgoingRequest,
  { resolve, timeoutMs }: { resolve: LookupFunction; timeoutMs: number },
): Promise<OutgoingAnswer> => {
  const options = { method, headers, lookup: resolve, agent: false as const };
  const secure = url.protocol === 'https:' ? tls : {};
  return boundedRequest({
    ...{ url, options: { ...options, ...secure }, body, timeoutMs, signal },
    maxBytes: MAX_ANSWER_BYTES,
  });
};
