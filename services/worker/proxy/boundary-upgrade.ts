/** The HTTP upgrade in front of Boundary's session protocol: `GET /v1/proxy`, then WebSocket. */
import { createServer, STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { SUBPROTOCOL, UPGRADE_PATH, webSocketAccept } from '../../../lib/transport/websocket-upgrade';
import type { WorkerSession } from '../sessions/registry';
import { BoundaryTransport } from './boundary-transport';
import type { ProtocolHandler } from './proxy-server';
import { serveConnection, type ConnectionDeps } from './sallyport-protocol';

/** From the established TLS connection to the whole request. */
const REQUEST_DEADLINE_MS = 10_000;
const TCP_KEEPALIVE_MS = 30_000;
const KEY = /^[0-9A-Za-z+/]{22}==$/;

interface Upgrading {
  session: WorkerSession;
  cancelDeadline(): void;
}

/** Handler for sockets whose client speaks `http/1.1`. */
export function boundaryHandler(deps: ConnectionDeps): ProtocolHandler {
  const upgrading = new WeakMap<Duplex, Upgrading>();
  // This server never listens; it only parses requests on the sockets that it is given.
  const http = createServer((request, response) => {
    // Only `Connection: Upgrade` may be missing from the right request.
    const status = refusalOf(request) ?? 426;
    response.writeHead(status, { 'Cache-Control': 'no-store', Connection: 'close' }).end(STATUS_CODES[status]);
  });
  http.on('upgrade', (request, socket, head) => {
    const known = upgrading.get(socket);
    const status = refusalOf(request);
    if (!known || status !== undefined) return refuse(socket, status ?? 500);
    known.cancelDeadline();
    socket.write(acceptance(request, deps));
    accept(socket as TLSSocket, head, known.session, deps);
  });
  return (socket, session) => {
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
    const cancelDeadline = deps.clock.after(REQUEST_DEADLINE_MS, () => socket.destroy());
    socket.once('close', cancelDeadline);
    upgrading.set(socket, { session, cancelDeadline });
    http.emit('connection', socket);
  };
}

function accept(socket: TLSSocket, head: Buffer, session: WorkerSession, deps: ConnectionDeps): void {
  const options = {
    clock: deps.clock,
    connectionLimit: session.grant.connectionLimit,
    head,
    keepaliveMs: deps.keepaliveMs,
  };
  serveConnection(socket, (handler) => new BoundaryTransport(socket, handler, options), session, deps);
}

/** Status of the answer to a request that is not the right upgrade. */
function refusalOf(request: IncomingMessage): number | undefined {
  const { headers } = request;
  if (request.url?.split('?')[0] !== UPGRADE_PATH) return 404;
  if (request.method !== 'GET') return 405;
  if (headers.upgrade?.toLowerCase() !== 'websocket' || headers['sec-websocket-version'] !== '13') return 426;
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) return 400;
  const { origin } = headers;
  if (origin !== undefined && URL.canParse(origin) && new URL(origin).host !== headers.host) return 403;
  return undefined;
}

function refuse(socket: Duplex, code: number): void {
  const head = `HTTP/1.1 ${code} ${STATUS_CODES[code]}\r\nCache-Control: no-store\r\nConnection: close\r\n`;
  socket.end(`${head}Content-Length: 0\r\n\r\n`);
}

/** Offering no subprotocol is fine; a client that does gets it confirmed. */
function acceptance(request: IncomingMessage, { clock }: ConnectionDeps): string {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Cache-Control: no-store',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${webSocketAccept(request.headers['sec-websocket-key']!)}`,
    ...(offered.includes(SUBPROTOCOL) ? [`Sec-WebSocket-Protocol: ${SUBPROTOCOL}`] : []),
    'Upgrade: websocket',
    `Date: ${clock.now().toUTCString()}`,
    '\r\n',
  ].join('\r\n');
}
