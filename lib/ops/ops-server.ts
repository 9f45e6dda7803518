/** The ops port of a process: liveness, readiness, health and Prometheus metrics over HTTP/1.1 or HTTPS. */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
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
}

interface OpsSources {
  /** Whether the process can do its work: 200 or 503 at `/readyz`. A rejection counts as no. */
  ready: () => boolean | Promise<boolean>;
  /** JSON of `/health`; gets the query parameters. */
  health: (query: URLSearchParams) => object;
  registry: Registry;
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

/** All ms. The check's period is how late the other two are noticed. */
const LIMITS: ServerOptions = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 };
/** Open connections at once; probes and scrapers need a handful. */
const MAX_CONNECTIONS = 256;

/** Binds the ops port. Rejects with Node's error when the address is taken or not ours. */
export async function startOps({ host, port, fd, tls }: OpsAddress, sources: OpsSources): Promise<Ops> {
  const listener: RequestListener = (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const [path = '/', query] = (request.url ?? '/').split('?', 2);
    answer({ method: request.method ?? '', path, query: new URLSearchParams(query) }, sources).then(
      ({ status, type, body }) => response.writeHead(status, { 'Content-Type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  };
  const server = tls === undefined ? createServer(LIMITS, listener) : createTlsServer({ ...LIMITS, ...tls }, listener);
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, fd === undefined ? { host, port } : { fd });
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

const listen = (server: Server, where: { host: string; port: number } | { fd: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });

interface Answer {
  status: number;
  type: string;
  body: string;
}

const text = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body });

interface Question {
  method: string;
  path: string;
  query: URLSearchParams;
}

async function answer({ method, path, query }: Question, sources: OpsSources): Promise<Answer> {
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
