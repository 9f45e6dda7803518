/** Limits what one caller of the API port may hold, over either of its protocols. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Counter, type Registry } from 'prom-client';
import { ApiError } from '../../../lib/errors/errors';
import type { HttpRequestsOptions } from '../../../lib/limits/http-requests';
import type { StreamsOptions } from '../../../lib/limits/http2-streams';
import { REFUSED, type Intaken } from '../../../lib/limits/intake';
import { limit } from '../../../lib/limits/limit';
import { PortShares } from '../../../lib/limits/port-shares';
import { tokenOfCookies } from '../gateway/cookies';
import { cookiesCount, type OwnOrigins } from '../gateway/origin';
import type { ControllerLimits } from '../limits';
import type { Callers } from '../rpc/callers';
import { bearerToken } from '../rpc/correlation';
import { callerBehindProxies, DIRECT, proxiesOf, type CallerAddress, type Forwarding } from '../rpc/forwarded';
import { SNIFF_TIMEOUT_MS } from './sniff';

const TEST = 'services/controller/listeners/api-listener.test.ts';
const SHARES_TEST = 'services/controller/listeners/api-shares.test.ts';

/** All ms. */
export interface ApiTimeouts {
  /** First bytes, and TLS handshake. */
  handshake: number;
  /** From the start of an HTTP/2 connection to its first request. */
  first: number;
  /** All headers of a request. */
  headers: number;
  /** A whole request. */
  request: number;
  /** For the peer to read an answer. */
  answer: number;
  /** Silence between two requests. */
  idle: number;
  /** How often the last five are looked at. */
  check: number;
}

const TIMEOUTS: ApiTimeouts = {
  handshake: SNIFF_TIMEOUT_MS,
  first: limit('first request over HTTP/2', 30_000, {
    what: 'from an HTTP/2 connection to the API port to its first request',
    unit: 'ms',
    reached: 'the connection is closed',
    test: `${SHARES_TEST}: an HTTP/2 connection that asks nothing is closed`,
  }),
  headers: limit('headers of an HTTP request in time', 10_000, {
    what: 'all headers of an HTTP request, unless http_read_header_timeout of the listener says otherwise',
    unit: 'ms',
    reached: '408, and the connection is closed',
    test: `${TEST}: headers and bodies that trickle in are cut`,
  }),
  request: limit('request in time', 30_000, {
    what: 'a whole request over HTTP or gRPC, unless http_read_timeout of the listener says otherwise',
    unit: 'ms',
    reached: '408 and the end of the connection over HTTP; over gRPC the stream is closed',
    test: `${SHARES_TEST}: a half-sent message is cut`,
  }),
  answer: limit('answer read in time', 60_000, {
    what: 'how long an answer may wait for its reader: over HTTP until it is read, over gRPC while nothing of it moves',
    unit: 'ms',
    reached: 'the connection or stream is closed',
    test: `${SHARES_TEST}: answers that nobody reads are cut`,
  }),
  idle: limit('silence between requests', 300_000, {
    what: 'silence on a connection to the API port, unless http_idle_timeout of the listener says otherwise',
    unit: 'ms',
    reached: 'the connection is closed',
    test: `${SHARES_TEST}: a connection that falls silent is closed`,
  }),
  check: 2_000,
};

export interface ApiDoorOptions {
  /** Changed in place when the configuration is loaded anew. */
  limits: ControllerLimits;
  /** Largest request, bytes. */
  maxRequestBytes: number;
  callers: Callers;
  /** Absent: who connects is who calls. */
  forwarding?: Forwarding | undefined;
  /** Origins of the deployment, whose cookies count. */
  origins?: OwnOrigins | undefined;
  registry: Registry;
  timeouts?: { [K in keyof ApiTimeouts]?: number | undefined } | undefined;
}

export interface ApiDoor {
  shares: PortShares;
  timeouts: ApiTimeouts;
  callers: Callers;
  callerAddress: CallerAddress;
  /** Most that a request without a valid token may have, bytes. */
  strangersMax: () => number;
  /** Counts what was refused or cut, by reason. */
  refused: (reason: string) => void;
  /** Counts a refusal and answers the error for the caller. */
  refusal: (refused: Exclude<Intaken, 'taken'>) => ApiError;
  http: HttpRequestsOptions;
  http2: StreamsOptions;
}

export function createApiDoor(options: ApiDoorOptions): ApiDoor {
  const { limits, callers, forwarding, registry } = options;
  const given = Object.entries(options.timeouts ?? {}).filter(([, ms]) => ms !== undefined);
  const timeouts: ApiTimeouts = { ...TIMEOUTS, ...Object.fromEntries(given) };
  const counter = new Counter({
    name: 'sallyport_controller_api_refused_connections_total',
    help: 'Connections and requests to the API port that were refused or cut before an answer, by reason.',
    labelNames: ['reason'] as const,
    registers: [registry],
  });
  const refused = (reason: string): void => counter.inc({ reason });
  const isProxy = forwarding && proxiesOf(forwarding);
  const shares = new PortShares({ port: 'api', limits: () => portLimits(options), isProxy, refused });
  const callerAddress = forwarding === undefined ? DIRECT : callerBehindProxies(forwarding);
  const strangersMax = (): number => limits.api_anonymous_request_bytes;
  const errorOf = (why: Exclude<Intaken, 'taken'>): ApiError =>
    new ApiError('ResourceExhausted', why === 'stranger' ? strangerText(strangersMax()) : CROWDED);
  const factsOf = (peer: string | undefined, headers: IncomingHttpHeaders, token: string | undefined) => ({
    address: addressOf(callerAddress, peer ?? '', headers),
    holder: callers.find(token),
  });
  const cookieToken = (request: IncomingMessage): string | undefined =>
    cookiesCount(request, options.origins ?? {}) ? tokenOfCookies(request.headers.cookie) : undefined;
  const refusal = (why: Exclude<Intaken, 'taken'>): ApiError => {
    refused(REFUSED[why]);
    return errorOf(why);
  };
  const door = { shares, timeouts, callers, callerAddress, strangersMax, refused, refusal };
  return {
    ...door,
    http: {
      ...{ shares, refused, answerTimeoutMs: timeouts.answer },
      factsOf: (request) =>
        factsOf(request.socket.remoteAddress, request.headers, bearerOf(request.headers) ?? cookieToken(request)),
      refuse: (response) => refuseHttp(response, errorOf('no room')),
    },
    http2: {
      ...{ shares, refused, strangersMax },
      factsOf: (peer, headers) => factsOf(peer.address, headers, bearerOf(headers)),
      vouch: (headers) => callers.vouch(bearerOf(headers)),
      isStreaming: (path) => path.startsWith('/grpc.reflection.'),
      textOf: (why) => errorOf(why).message,
      timeouts: () => ({ ...timeouts, message: timeouts.request }),
    },
  };
}

const CROWDED =
  'Too many bytes of requests and unread answers are held for this caller (controller.limits.api_bytes_per_user with ' +
  'a valid token, api_bytes_per_address without one). Wait for answers, or send less at once.';

const strangerText = (max: number): string =>
  `A request without a valid token has at most ${max} bytes (controller.limits.api_anonymous_request_bytes). Log in.`;

/** The share of one user has room for two of the largest requests, whatever their size. */
function portLimits({ limits, maxRequestBytes }: ApiDoorOptions) {
  const two = Math.ceil(2.2 * maxRequestBytes);
  return {
    anonymousConnections: limits.api_anonymous_connections,
    connectionsPerAddress: limits.api_connections_per_address,
    knownConnections: limits.api_user_connections,
    connectionsPerHolder: limits.api_connections_per_user,
    anonymousBytes: limits.api_anonymous_bytes,
    bytesPerAddress: limits.api_bytes_per_address,
    knownBytes: Math.max(limits.api_user_bytes, two),
    bytesPerHolder: Math.max(limits.api_bytes_per_user, two),
  };
}

const bearerOf = (headers: IncomingHttpHeaders): string | undefined => bearerToken(headers.authorization);

/** The connection's address, because a header that cannot be used is refused later. */
function addressOf(callerAddress: CallerAddress, peer: string, headers: IncomingHttpHeaders): string {
  const header = headers['x-forwarded-for'];
  try {
    return callerAddress(peer, Array.isArray(header) ? header.join(',') : header);
  } catch {
    return DIRECT(peer, undefined);
  }
}

function refuseHttp(response: ServerResponse, error: ApiError): void {
  const body = JSON.stringify(error.body());
  response.setHeader('Retry-After', 1);
  response.writeHead(error.httpStatus, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
