/**
 * The API port: gRPC and HTTP/1.1 on one address. With TLS the client's ALPN decides, without it
 * the HTTP/2 preface. What is neither is closed and counted: no protocol of ours answers to port
 * scans and garbage.
 */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';
import { countRequests, type CountedListener } from '../../../lib/limits/http-requests';
import { limit } from '../../../lib/limits/limit';
import type { Logger } from '../../../lib/log/log';
import type { ListenAddress, TlsMaterial } from '../config';
import type { GrpcFront } from '../rpc/grpc-server';
import type { ApiDoor } from './api-door';
import { Acceptor } from './connections';
import { sniff, type Protocol } from './sniff';

interface ApiListenerOptions {
  address: ListenAddress;
  tls?: TlsMaterial | undefined;
  grpc: GrpcFront;
  gateway: CountedListener;
  door: ApiDoor;
  log: Logger;
}

export interface ApiListener {
  /** As bound. */
  readonly address: ListenAddress;
  /** Shows another certificate to future connections; only for a port that speaks TLS. */
  setTls(material: TlsMaterial): void;
  /** No new connections; running requests have until `graceMs`, then everything is cut. */
  close(graceMs: number): Promise<void>;
}

const MAX_HEADER_BYTES = limit('headers of an HTTP request', 16_384, {
  what: 'all headers of an HTTP request, its first line among them',
  unit: 'bytes',
  reached: '431, and the connection is closed; over gRPC the stream is refused',
  test: 'services/controller/listeners/api-shares.test.ts: headers are bounded',
});

const TLS_ON_PLAINTEXT = 'This port speaks plain HTTP; the client tried TLS.';
const PLAINTEXT_ON_TLS = 'This port speaks TLS; use https://.\n';

/** Binds the API port. Rejects with Node's error when the address is taken or not ours. */
export async function startApiListener(options: ApiListenerOptions): Promise<ApiListener> {
  const { shares, timeouts, refused } = options.door;
  const http = httpServer(options.gateway, options.door);
  const tls = options.tls === undefined ? undefined : tlsServer(options.tls, options, http);
  const undecided = new Set<Socket>();
  const onConnection = (socket: Socket): void => {
    if (shares.admit(socket) === undefined) return;
    undecided.add(socket);
    socket.on('close', () => undecided.delete(socket));
    sniff(socket, timeouts.handshake, (protocol) => {
      undecided.delete(socket);
      dispatch(protocol, socket, servers);
    });
  };
  const acceptor = new Acceptor({ address: options.address, refused, onConnection });
  const servers: Servers = { options, http, tls, acceptor, undecided };
  const address = await acceptor.listen();
  return {
    address,
    setTls: (material) => tls?.setSecureContext(secureOptions(material)),
    close: (graceMs) => close(graceMs, servers),
  };
}

interface Servers {
  options: ApiListenerOptions;
  http: HttpServer;
  tls: TlsServer | undefined;
  acceptor: Acceptor;
  /** Connections whose protocol is not known yet. */
  undecided: Set<Socket>;
}

/** Hands a connection to the server of its protocol. */
function dispatch(protocol: Protocol | 'silent', socket: Socket, { options, http, tls, acceptor }: Servers): void {
  if (protocol === 'silent' || protocol === 'unknown') {
    acceptor.refuse(socket, protocol === 'silent' ? 'silent' : 'unknown protocol');
  } else if (tls !== undefined) {
    if (protocol === 'tls') tls.emit('connection', socket);
    else refusePlaintext(socket, protocol, acceptor);
  } else if (protocol === 'tls') {
    options.log.debug({ client: socket.remoteAddress }, TLS_ON_PLAINTEXT);
    acceptor.refuse(socket, 'TLS to a plaintext port');
  } else if (protocol === 'http2') {
    options.grpc.injector.injectConnection(socket);
  } else {
    http.emit('connection', socket);
  }
}

/**
 * A person who typed http:// for https:// gets a sentence; a gRPC client sees the connection close.
 */
function refusePlaintext(socket: Socket, protocol: Protocol, acceptor: Acceptor): void {
  if (protocol === 'http1') {
    const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${PLAINTEXT_ON_TLS.length}`;
    socket.write(`${head}\r\nConnection: close\r\n\r\n${PLAINTEXT_ON_TLS}`, () =>
      acceptor.refuse(socket, 'plaintext to a TLS port'),
    );
  } else {
    acceptor.refuse(socket, 'plaintext to a TLS port');
  }
}

function httpServer(gateway: CountedListener, { http, timeouts }: ApiDoor): HttpServer {
  const server = createHttpServer(
    {
      headersTimeout: timeouts.headers,
      requestTimeout: timeouts.request,
      keepAliveTimeout: timeouts.idle,
      connectionsCheckingInterval: timeouts.check,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    countRequests(gateway, http),
  );
  // This server never listens itself, but the check of its timeouts starts with this event.
  server.emit('listening');
  return server;
}

/**
 * Chooses the protocol by ALPN. gRPC clients offer `h2` alone. curl, browsers and HTTP libraries
 * offer `http/1.1` as well and get that, because only gRPC is served over HTTP/2 here. Undefined
 * refuses the handshake of a client that offers neither.
 */
const chooseProtocol = (offered: readonly string[]): string | undefined =>
  ['http/1.1', 'h2'].find((protocol) => offered.includes(protocol));

const secureOptions = ({ cert, key, minVersion = 'TLSv1.2', maxVersion }: TlsMaterial): SecureContextOptions => ({
  cert,
  key,
  minVersion,
  ...(maxVersion === undefined ? {} : { maxVersion }),
});

function tlsServer(material: TlsMaterial, { grpc, door }: ApiListenerOptions, http: HttpServer): TlsServer {
  const server = createTlsServer({
    ...secureOptions(material),
    ALPNCallback: ({ protocols }) => chooseProtocol(protocols),
    handshakeTimeout: door.timeouts.handshake,
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    if (socket.alpnProtocol === 'h2') grpc.injector.injectConnection(socket);
    else http.emit('connection', socket);
  });
  server.on('tlsClientError', (_, socket) => {
    door.refused('TLS handshake failed');
    socket.destroy();
  });
  return server;
}

/** How often connections that fell idle are closed while the listener closes, ms. */
const SWEEP_MS = 50;

async function close(graceMs: number, { acceptor, http, options, undecided }: Servers): Promise<void> {
  acceptor.stopAccepting();
  for (const socket of undecided) socket.destroy();
  // Ends the check of the timeouts.
  http.close();
  const sweep = setInterval(() => http.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => acceptor.destroyAll(), graceMs);
  await options.grpc.close(graceMs);
  await acceptor.ended();
  clearTimeout(cut);
  clearInterval(sweep);
}
