/**
 * HTTP/1.1 side of the API: the same services, transcoded from the google.api.http annotations. A
 * request passes headers and CORS, routing, decoding, the pipeline, encoding; whatever a client
 * sends, it gets an answer below 500 unless a handler fails.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Histogram, type Registry } from 'prom-client';
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import type { CountedListener } from '../../../lib/limits/http-requests';
import { Intake } from '../../../lib/limits/intake';
import type { Held } from '../../../lib/limits/port-shares';
import { isOwnHost } from '../../../lib/rpc/own-host';
import type { ApiDoor } from '../listeners/api-door';
import { bearerToken, correlationId } from '../rpc/correlation';
import { toApiError } from '../rpc/error-mapping';
import type { Descriptors } from '../rpc/descriptors';
import type { Pipeline } from '../rpc/pipeline';
import type { Admission, Verdict } from '../rpc/rate-limit';
import { moveTokenToCookies, tokenOfCookies } from './cookies';
import { handleCors, type CorsConfig } from './cors';
import { parseJsonBody, type JsonObject } from './json-body';
import { AUTHENTICATE, DELETE_WITH_BODY, DOWNLOAD } from './methods';
import { answerDocument, isDocument } from './openapi/serve';
import { cookiesCount, localTarget, maySetCookies, type OwnOrigins } from './origin';
import { queryJson, maskOfQuery } from './query';
import { readBody, type NoBody } from './read-body';
import { matchRoute, readRoutes, type NoRoute, type Route, type RouteMatch, type RouteTable } from './routes';
import { badField, checkedJson, toBytes } from './to-message';
import { maskOfBody } from './update-mask';

interface GatewayOptions {
  pipeline: Pipeline;
  descriptors: Descriptors;
  cors: CorsConfig;
  /** Largest body, bytes. */
  maxRequestBytes: number;
  registry: Registry;
  /** The OpenAPI document, JSON; absent: none is served. */
  openapi?: Buffer | undefined;
  /** Absent: no rate limits. */
  admit?: Admission | undefined;
  door: Pick<ApiDoor, 'callerAddress' | 'callers' | 'strangersMax' | 'refusal'>;
  /** Origins and names of the deployment; absent: those that requests name. */
  origins?: OwnOrigins | undefined;
}

const FIXED_HEADERS: Record<string, string> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
};
/** Seconds that browsers insist on TLS after they have seen it here. */
const TRANSPORT_SECURITY = 'max-age=31536000; includeSubDomains';

const STATUS_OF: Record<Exclude<NoRoute, 'action by another method' | 'unknown path'>, number> = {
  'unknown collection': 404,
  'unknown action': 400,
  'wrong method': 405,
};

/** Answers the requests of a `node:http` server. */
export function createGateway(options: GatewayOptions): CountedListener {
  const table = readRoutes(options.descriptors, options.pipeline);
  const duration = new Histogram({
    name: 'sallyport_controller_api_http_request_duration_seconds',
    help: 'Time to answer an HTTP request, by route template, method and status.',
    labelNames: ['path', 'method', 'code'] as const,
    registers: [options.registry],
  });
  return (request, response, held) => {
    const stop = duration.startTimer();
    const exchange = new Exchange(options, table, request, response, held);
    response.on('close', () => {
      stop({ path: exchange.template, method: methodLabel(request.method), code: response.statusCode });
    });
    exchange.run().catch((error: unknown) => exchange.fail(error));
  };
}

/** Methods come from outside; a label must not. */
const methodLabel = (method: string | undefined): string =>
  ['GET', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'PUT'].includes(method ?? '') ? method!.toLowerCase() : 'other';

class Exchange {
  /** Route template, the label of metrics. */
  template = 'invalid';
  /** Full name of the method, once the route is known. */
  private method = '';

  constructor(
    private readonly options: GatewayOptions,
    private readonly table: RouteTable,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly held: Held,
  ) {}

  async run(): Promise<void> {
    this.setFixedHeaders();
    if (!isOwnHost(this.request.headers.host, this.options.origins?.allowedHosts)) throw foreignHost();
    if (handleCors(this.options.cors, this.request, this.response)) return;
    const id = correlationId(headerText(this.request.headers['x-correlation-id']));
    this.response.setHeader('X-Correlation-Id', id);
    const { path, search, query } = splitTarget(this.request.url ?? '/');
    if (this.redirectToCleanPath(path, search)) return;
    if (this.options.openapi !== undefined && isDocument(path)) {
      this.holdAnswer(this.options.openapi.length);
      return answerDocument(this.options.openapi, this.request, this.response);
    }
    const found = matchRoute(this.table, this.request.method ?? '', path);
    if (found === 'action by another method') throw new ApiError('Unimplemented', 'Method Not Allowed');
    if (found === 'unknown path') throw new ApiError('NotFound', 'Not Found');
    if (typeof found === 'string') {
      this.response.writeHead(STATUS_OF[found]).end();
      return;
    }
    this.template = found.route.template;
    this.method = found.route.method.fullName;
    const caller = {
      token: bearerToken(this.request.headers.authorization) ?? this.cookieToken(),
      clientAddress: this.callerAddress(),
    };
    if (this.refuseByRate(this.options.admit?.(this.method, caller))) return;
    const body = found.route.body === '' ? Buffer.alloc(0) : await this.readBody(caller.token);
    if (typeof body === 'string') return this.refuseBody(body);
    const message = decodeRequest(found, query, parseJsonBody(body), this.table);
    const answer = await this.options.pipeline.invoke(found.route.method.fullName, message, {
      ...caller,
      correlationId: id,
      signal: abortedBy(this.response),
      // From now on the connection and the cost of the request count for the user.
      authenticated: (userId) => void this.held.prove(userId),
    });
    this.answer(found.route, message, answer as Record<string, unknown>);
  }

  private cookieToken(): string | undefined {
    const { origins = {} } = this.options;
    return cookiesCount(this.request, origins) ? tokenOfCookies(this.request.headers.cookie) : undefined;
  }

  private readBody(token: string | undefined): Promise<Buffer | NoBody> {
    const { callers, strangersMax } = this.options.door;
    const intake = new Intake(this.held, { strangersMax, vouch: () => callers.vouch(token) });
    return readBody(this.request, this.options.maxRequestBytes, intake);
  }

  private callerAddress(): string {
    return this.options.door.callerAddress(
      this.request.socket.remoteAddress ?? '',
      headerText(this.request.headers['x-forwarded-for']),
    );
  }

  /**
   * Adds the rate limit headers. True when the request was refused, which is answered without a
   * body.
   */
  private refuseByRate(verdict: Verdict | undefined): boolean {
    if (verdict === undefined) return false;
    if (verdict.state !== '') this.response.setHeader('RateLimit', verdict.state);
    if (verdict.policy !== '') this.response.setHeader('RateLimit-Policy', verdict.policy);
    if (verdict.outcome === 'allowed') return false;
    this.response.setHeader('Retry-After', verdict.retryAfter);
    this.response.writeHead(verdict.outcome === 'limited' ? 429 : 503).end();
    return true;
  }

  /** Sends the error. A response that has begun can only be cut off. */
  fail(error: unknown): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    if (this.response.headersSent) {
      this.response.destroy();
      return;
    }
    const mapped = toApiError(error);
    if (this.method === DOWNLOAD && mapped.kind === 'Unimplemented') {
      return this.json(501, { error: { code: mapped.grpcStatus, message: mapped.message } });
    }
    this.json(mapped.httpStatus, mapped.body());
  }

  private setFixedHeaders(): void {
    for (const [name, value] of Object.entries(FIXED_HEADERS)) this.response.setHeader(name, value);
    if ('encrypted' in this.request.socket) this.response.setHeader('Strict-Transport-Security', TRANSPORT_SECURITY);
  }

  private refuseBody(reason: NoBody): void {
    if (reason === 'gone') return;
    this.response.setHeader('Connection', 'close');
    if (reason === 'no room') throw this.options.door.refusal(reason);
    const message = `The request body is larger than ${this.options.maxRequestBytes} bytes.`;
    const text = reason === 'too large' ? message : this.options.door.refusal(reason).message;
    this.json(413, invalidArgument(text).body());
  }

  /** Counts the bytes that the caller has not read yet. Throws when too many are held. */
  private holdAnswer(bytes: number): void {
    if (this.held.grow(bytes) !== undefined) throw this.options.door.refusal('no room');
  }

  /**
   * Doubled slashes and a bare `/v1` lead to the path that was meant, as existing clients expect.
   */
  private redirectToCleanPath(path: string, search: string): boolean {
    const clean = path === '/v1' ? '/v1/' : path.replace(/\/{2,}/g, '/');
    if (clean === path) return false;
    const target = localTarget(clean, search);
    this.response.writeHead(307, { Location: target, 'Content-Type': 'text/html; charset=utf-8' });
    this.response.end(`<a href="${escapeHtml(target)}">Temporary Redirect</a>.\n\n`);
    return true;
  }

  private answer(route: Route, message: unknown, answer: Record<string, unknown>): void {
    if (route.emptyResponse && !DELETE_WITH_BODY.has(route.method.fullName)) {
      this.response.writeHead(204).end();
      return;
    }
    if (route.method.fullName === AUTHENTICATE) {
      const cookies = moveTokenToCookies({ request: message as object, response: answer });
      const may = maySetCookies(this.request, this.options.origins ?? {});
      if (cookies !== undefined && may) this.response.setHeader('Set-Cookie', cookies);
    }
    const whole = route.method.definition.responseType.toJSON(answer) as Record<string, unknown>;
    const body = encode(route.responseBody === '' ? whole : (whole[route.responseBody] ?? {}));
    this.holdAnswer(body.length);
    this.send(200, body);
  }

  private json(status: number, value: unknown): void {
    this.send(status, encode(value));
  }

  private send(status: number, body: Buffer): void {
    this.response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    this.response.end(body);
  }
}

const foreignHost = (): ApiError =>
  new ApiError(
    'PermissionDenied',
    'The Host header does not name this server. Call it by a loopback name, or start it with -api-allowed-host.',
  );
const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** Path and query of a request target; an absolute URL, as proxies get it, counts by its path. */
function splitTarget(target: string): { path: string; search: string; query: URLSearchParams } {
  const local = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const at = local.indexOf('?');
  const path = at < 0 ? local : local.slice(0, at);
  const search = at < 0 ? '' : local.slice(at);
  return { path: path.startsWith('/') ? path : `/${path}`, search, query: new URLSearchParams(search) };
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Aborted when the connection closes before the response is complete. */
function abortedBy(response: ServerResponse): AbortSignal {
  const abort = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) abort.abort();
  });
  return abort.signal;
}

/** The request message: query, then body, then the path, which wins. */
function decodeRequest(
  { route, variables }: RouteMatch,
  query: URLSearchParams,
  body: JsonObject,
  table: RouteTable,
): unknown {
  const { input } = route;
  // With body "*" every field is the body's or the path's.
  const outer = route.body === '*' ? checkedJson(input, body) : checkedJson(input, queryJson(input, query));
  const part = input.fields.find((field) => field.name === route.body)?.message;
  if (part !== undefined) outer[route.body] = checkedJson(part, body);
  for (const [name, text] of Object.entries(variables)) outer[name] = decodePathText(name, text);
  const message = route.method.definition.requestType.decode(toBytes(input, outer, table.descriptors)) as object;
  if (part === undefined || route.httpMethod !== 'PATCH') return message;
  return { ...message, update_mask: maskOfQuery(query) ?? maskOfBody(part, body) };
}

function decodePathText(name: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badField(name, 'Invalid formatted identifier.');
  }
}
