/**
 * The ops port of a process: liveness, readiness, health and Prometheus metrics over HTTP/1.1 or
 * HTTPS.
 */
import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Counter, type Registry } from 'prom-client';
import { countRequests } from '../limits/http-requests';
import { limit } from '../limits/limit';
import { listenOn } from '../limits/listen';
import { PortShares, type Held } from '../limits/port-shares';
import { isOwnHost } from '../rpc/own-host';
import { listeningSocket, type ListeningSocket } from '../lifecycle/listening-socket';

interface OpsAddress {
  /** Numeric address or host name to bind. */
  host: string;
  /** 0 picks a free port. */
  port: number;
  /** A listening socket that was passed on; host and port are then its own. */
  fd?: number | undefined;
  /** PEM; plaintext when absent. */
  tls?: { cert: Buffer; key: Buffer } | undefined;
  /**
   * Names that requests may call this port by, beside loopback ones; absent: all. Against DNS
   * rebinding.
   */
  allowedHosts?: readonly string[] | undefined;
}

interface OpsSources {
  /** Whether the process can do its work: 200 or 503 at `/readyz`. A rejection counts as no. */
  ready: () => boolean | Promise<boolean>;
  /** JSON of `/health`; gets the query parameters. */
  health: (query: URLSearchParams) => object;
  registry: Registry;
  /**
   * Resolves when other processes have told what they have counted; asked before each answer of
   * `/metrics`.
   */
  counted?: () => Promise<void>;
  /** True once the process shuts down: `/health` and `/readyz` answer 503 then. */
  stopping?: () => boolean;
}

export interface Ops {
  /** As bound. */
  readonly address: { host: string; port: number };
  /** To be passed to a process that takes over. */
  socket(): ListeningSocket | undefined;
  /** Shows another certificate to connections to come; only of a port that speaks TLS. */
  setTls(material: { cert: Buffer; key: Buffer }): void;
  close(): Promise<void>;
}

const TEST = 'services/controller/listeners/ops-shares.test.ts';

/** All in ms. The period of the check is how late the other two are noticed. */
const TIMEOUTS: ServerOptions = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 };
/** Probes and scrapers need a handful. */
const MAX_CONNECTIONS = limit('connections to an ops port', 256, {
  what: 'open connections to the ops port of a process',
  unit: 'connections',
  reached: 'the oldest idle connection of the address with the most is closed; without one the new connection is',
  test: `${TEST}: idle connections of one address do not close the port`,
});
const MAX_CONNECTIONS_PER_ADDRESS = limit('connections of an address to an ops port', 64, {
  what: 'of these, connections of one address or IPv6 /64',
  unit: 'connections',
  reached: 'its oldest idle connection is closed; without one the new connection is',
  test: `${TEST}: idle connections of one address do not close the port`,
});
const MAX_BYTES = limit('bytes held at an ops port', 32 * 1_048_576, {
  what: 'bytes that requests to the ops port and their unread answers hold',
  unit: 'bytes',
  reached: 'the oldest request of whoever has clearly more is cut; without one the new request is refused with 429',
  test: `${TEST}: answers that are not read are bounded`,
});
const MAX_BYTES_PER_ADDRESS = limit('bytes of an address at an ops port', 8 * 1_048_576, {
  what: 'of these, bytes of one address or IPv6 /64',
  unit: 'bytes',
  reached: '429',
  test: `${TEST}: answers that are not read are bounded`,
});
const ANSWER_TIMEOUT_MS = limit('answer of an ops port read in time', 30_000, {
  what: 'how long a peer may take to read an answer of the ops port',
  unit: 'ms',
  reached: 'the connection is closed',
  test: `${TEST}: an answer that is not read is cut`,
});

/** Binds the ops port. Rejects with Node's error when the address is taken or not ours. */
export async function startOps(
  { host, port, fd, tls, allowedHosts }: OpsAddress,
  sources: OpsSources,
  answerTimeoutMs = ANSWER_TIMEOUT_MS,
): Promise<Ops> {
  const shares = opsShares(sources.registry);
  const listener = opsListener(shares, { ...sources, allowedHosts }, answerTimeoutMs);
  const server =
    tls === undefined ? createServer(TIMEOUTS, listener) : createTlsServer({ ...TIMEOUTS, ...tls }, listener);
  countConnections(server, shares);
  await listenOn(server, fd === undefined ? { host, port } : { fd });
  const bound = server.address() as AddressInfo;
  return {
    address: { host: bound.address, port: bound.port },
    socket: () => listeningSocket(server),
    setTls(material) {
      if (server instanceof TlsServer) server.setSecureContext(material);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What answers come from. */
type Answering = OpsSources & Pick<OpsAddress, 'allowedHosts'>;

interface OpsShares {
  shares: PortShares;
  refused: (reason: string) => void;
}

function opsShares(registry: Registry): OpsShares {
  const counter = new Counter({
    name: 'sallyport_ops_refused_connections_total',
    help: 'Connections and requests to the ops port that were refused or cut, by reason.',
    labelNames: ['reason'] as const,
    registers: [registry],
  });
  const refused = (reason: string): void => counter.inc({ reason });
  const limits = {
    ...{ anonymousConnections: MAX_CONNECTIONS, connectionsPerAddress: MAX_CONNECTIONS_PER_ADDRESS },
    ...{ anonymousBytes: MAX_BYTES, bytesPerAddress: MAX_BYTES_PER_ADDRESS },
    // Nobody proves who it is here.
    ...{ knownConnections: 0, connectionsPerHolder: 0, knownBytes: 0, bytesPerHolder: 0 },
  };
  return { shares: new PortShares({ port: 'ops', limits: () => limits, refused }), refused };
}

/** An HTTPS server sees the connection below TLS in an event of its own. */
function countConnections(server: Server, { shares }: OpsShares): void {
  const serve = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    // Resets are the peer's business.
    socket.on('error', () => undefined);
    if (shares.admit(socket) !== undefined) for (const listener of serve) listener.call(server, socket);
  });
}

function opsListener({ shares, refused }: OpsShares, sources: Answering, answerTimeoutMs: number): RequestListener {
  const refuse = (response: ServerResponse): void => void response.writeHead(429).end();
  return countRequests(
    (request, response, held) => {
      response.setHeader('Cache-Control', 'no-store');
      const [path = '/', query] = (request.url ?? '/').split('?', 2);
      const question = {
        method: request.method ?? '',
        host: request.headers.host,
        path,
        query: new URLSearchParams(query),
      };
      answer(question, sources).then(
        (given) => send(response, held, given),
        () => response.writeHead(500).end(),
      );
    },
    { shares, refused, refuse, answerTimeoutMs },
  );
}

function send(response: ServerResponse, held: Held, { status, type, body }: Answer): void {
  if (held.grow(body.length) === undefined) response.writeHead(status, { 'Content-Type': type }).end(body);
  else response.writeHead(429).end();
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

const text = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body });

const FOREIGN_HOST = 'the Host header does not name this server\n';

interface Question {
  method: string;
  host: string | undefined;
  path: string;
  query: URLSearchParams;
}

async function answer({ method, host, path, query }: Question, sources: Answering): Promise<Answer> {
  if (!isOwnHost(host, sources.allowedHosts)) return text(403, FOREIGN_HOST);
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'method not allowed\n');
  const stopping = sources.stopping?.() ?? false;
  switch (path) {
    case '/livez':
      return text(200, 'ok\n');
    case '/readyz':
      return !stopping && (await isReady(sources)) ? text(200, 'ok\n') : text(503, 'not ready\n');
    case '/health':
      return {
        status: stopping ? 503 : 200,
        type: 'application/json',
        body: JSON.stringify(sources.health(query)),
      };
    case '/metrics':
      await sources.counted?.();
      return { status: 200, type: sources.registry.contentType, body: await sources.registry.metrics() };
    default:
      return text(404, 'not found\n');
  }
}

const isReady = async (sources: OpsSources): Promise<boolean> => {
  try {
    return await sources.ready();
  } catch {
    return false;
  }
};
