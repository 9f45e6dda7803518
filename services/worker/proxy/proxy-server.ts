/**
 * The proxy port. accept → bounded ClientHello → session id → session → TLS 1.3 with that session's certificate, which
 * the client must present too, byte for byte → the negotiated protocol's handler. The accept loop waits on no peer.
 */
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { BOUNDARY_PROTOCOL, SALLYPORT_PROTOCOL } from '../../../lib/contract/session-protocol';
import type { Clock } from '../../../lib/clock/clock';
import { localCounters } from '../../../lib/limits/counters';
import { FairRoom } from '../../../lib/limits/fair-room';
import { limit } from '../../../lib/limits/limit';
import { listenOn } from '../../../lib/limits/listen';
import { networkOf } from '../../../lib/limits/network';
import type { Logger } from '../../../lib/log/log';
import { listeningSocket, type ListeningSocket } from '../../../lib/lifecycle/listening-socket';
import { ed25519FromRaw, pemFromDer, privateKeyPem } from '../../../lib/tls/keys';
import type { WorkerSession } from '../sessions/registry';
import { ControllerUnreachable } from '../sessions/types';
import { sessionIdOf, type ClientHello } from './client-hello';
import { readClientHello } from './hello-reader';
import type { ProxyMetrics } from './metrics';

/** TLS alert descriptions (RFC 8446, 6). */
const ALERT_ACCESS_DENIED = 49;
const ALERT_INTERNAL_ERROR = 80;
const PEERS_TEST = 'test/integration/session-hostile-peers.test.ts';
const HANDSHAKE_DEADLINE_MS = limit('handshake at the proxy port', 10_000, {
  what: 'for the ClientHello at the proxy port, and again from there to the established session',
  unit: 'ms',
  reached: 'the socket is closed',
  test: 'test/faults/abuse.test.ts: slow-loris, half-open handshakes',
});
const MAX_UNFINISHED = limit('handshakes at the proxy port', 4_096, {
  what: 'sockets at the proxy port of a worker that have not finished the handshake',
  unit: 'sockets',
  reached: 'the oldest of the address with the most is closed',
  test: 'services/worker/proxy/proxy-shares.test.ts: the address with the most handshakes makes room',
});
const MAX_UNFINISHED_PER_ADDRESS = limit('handshakes of an address at the proxy port', 1_024, {
  what: 'of these, sockets of one address or IPv6 /64',
  unit: 'sockets',
  reached: 'its oldest is closed',
  test: `${PEERS_TEST}: one address cannot hold more than its share of unfinished handshakes`,
});
/** How long a refused socket may take to read its alert. */
const ALERT_LINGER_MS = 1_000;
/** AES-128 first: about 10 % less CPU per byte than Node's preference for AES-256. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** Serves one established session transport; owns the socket from here on. */
export type ProtocolHandler = (socket: tls.TLSSocket, session: WorkerSession) => void;

export interface ProxyOptions {
  host: string;
  port: number;
  /** A listening socket of whoever started this process; host and port are then its own. */
  fd?: number | undefined;
  /** By name (ALPN). Ours is preferred. */
  protocols: ReadonlyMap<string, ProtocolHandler>;
  /** The session of a client that comes from the address. */
  findSession(sessionId: string, clientAddress: string): Promise<WorkerSession | undefined>;
  clock: Clock;
  log: Logger;
  metrics: ProxyMetrics;
  /** Sockets in the handshake at once. */
  maxUnfinished?: number | undefined;
  /** Of these from one address or IPv6 /64. */
  maxUnfinishedPerAddress?: number | undefined;
  /** Processes that accept on the same port: each has its part of these limits, so that they hold for all. Default 1. */
  processes?: number | undefined;
  /** For the ClientHello, and again from there to the established session. Default 10 s. */
  handshakeDeadlineMs?: number | undefined;
}

export class ProxyServer {
  private readonly server = net.createServer({
    noDelay: true,
    keepAlive: true,
    pauseOnConnect: false,
    allowHalfOpen: true,
  });
  private readonly sockets = new Set<Socket>();
  private readonly unfinished: FairRoom;
  /** Calls that end the count of a socket in the TLS handshake, by its peer's address and port. */
  private readonly inTls = new Map<string, () => void>();

  constructor(private readonly options: ProxyOptions) {
    const { maxUnfinished = MAX_UNFINISHED, maxUnfinishedPerAddress = MAX_UNFINISHED_PER_ADDRESS } = options;
    const { processes = 1 } = options;
    const max = Math.floor(maxUnfinished / processes);
    const perHolder = Math.floor(maxUnfinishedPerAddress / processes);
    this.unfinished = new FairRoom('unfinished handshakes', () => ({ max, perHolder }), localCounters());
    this.server.on('connection', (socket) => this.accept(socket));
    this.server.on('error', (error) => options.log.error({ err: error }, 'proxy listener failed'));
  }

  /** Rejects with the error of the system, such as EADDRINUSE. */
  async listen(): Promise<{ host: string; port: number }> {
    const { host, port, fd } = this.options;
    await listenOn(this.server, fd === undefined ? { host, port } : { fd });
    const bound = this.server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  /** To be passed to a process that takes over. */
  socket(): ListeningSocket | undefined {
    return listeningSocket(this.server);
  }

  /** Open sockets, also those that carry no connection (yet). */
  get socketCount(): number {
    return this.sockets.size;
  }

  /** Stops accepting; sockets live on. Whoever else holds an inherited listening socket may go on with it. */
  stopListening(): void {
    if (this.server.listening) this.server.close();
  }

  /** Destroys every socket and resolves when the port is free. */
  async close(): Promise<void> {
    const closed = this.server.listening
      ? new Promise<void>((resolve) => this.server.close(() => resolve()))
      : undefined;
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private get deadlineMs(): number {
    return this.options.handshakeDeadlineMs ?? HANDSHAKE_DEADLINE_MS;
  }

  /** Sockets that have not got through the handshake. */
  get unfinishedCount(): number {
    return this.unfinished.held;
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const drop = (): void => this.refuse(socket, 'too many handshakes');
    // Peers that hold sockets open push out their own; an honest handshake lasts for moments.
    const place = this.unfinished.take({ holder: networkOf(socket.remoteAddress ?? ''), drop, isIdle: true });
    if (typeof place === 'string') return drop();
    socket.once('close', () => place.release());
    this.handshake(socket, () => place.release()).catch((error: unknown) => {
      this.options.log.error({ err: error }, 'proxy handshake failed');
      socket.destroy();
    });
  }

  private async handshake(socket: Socket, done: () => void): Promise<void> {
    const hello = await readClientHello(socket, this.options.clock, this.deadlineMs);
    if (typeof hello === 'string') {
      this.refuse(socket, hello);
      return;
    }
    const session = await this.findSession(socket, hello);
    if (!session || socket.destroyed) return;
    const peer = peerOf(socket);
    this.inTls.set(peer, done);
    socket.once('close', () => this.inTls.delete(peer));
    this.tlsServer(session).emit('connection', socket);
  }

  private async findSession(socket: Socket, hello: ClientHello): Promise<WorkerSession | undefined> {
    const isOurs = hello.protocols.includes(SALLYPORT_PROTOCOL);
    const sessionId = sessionIdOf(hello);
    try {
      const found =
        sessionId === undefined ? undefined : await this.options.findSession(sessionId, socket.remoteAddress ?? '');
      // Other clients understand an alert here as "unauthorized"; ours learn the cause from CONNECT_ERR.
      const session = !isOurs && found?.ended?.cause === 'expired' ? undefined : found;
      if (!session) this.alert(socket, isOurs ? ALERT_ACCESS_DENIED : ALERT_INTERNAL_ERROR, 'no session');
      return session;
    } catch (error) {
      if (!(error instanceof ControllerUnreachable)) throw error;
      this.alert(socket, ALERT_INTERNAL_ERROR, 'controller unreachable');
      return undefined;
    }
  }

  private refuse(socket: Socket, reason: string): void {
    this.options.metrics.refusedSockets.inc({ reason });
    this.options.log.debug({ address: socket.remoteAddress, reason }, 'socket refused');
    socket.destroy();
  }

  /** A fatal alert in a plain record, as TLS allows before the ServerHello. */
  private alert(socket: Socket, description: number, reason: string): void {
    this.options.metrics.refusedSockets.inc({ reason });
    const cancel = this.options.clock.after(ALERT_LINGER_MS, () => socket.destroy());
    socket.once('close', cancel).once('end', () => socket.destroy());
    socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, description]));
    socket.resume();
  }

  /** One never-listening TLS server per session: certificate, protocols and handshake deadline in one. */
  private tlsServer(session: WorkerSession): tls.Server {
    if (session.tlsServer) return session.tlsServer;
    const names = [SALLYPORT_PROTOCOL, BOUNDARY_PROTOCOL].filter((name) => this.options.protocols.has(name));
    const server = tls.createServer({
      cert: pemFromDer(session.grant.certificate),
      key: privateKeyPem(ed25519FromRaw(session.grant.privateKey)),
      minVersion: 'TLSv1.3',
      ciphers: CIPHERS,
      honorCipherOrder: true,
      requestCert: true,
      // Checked below against the one certificate that is right; no authority or date is involved.
      rejectUnauthorized: false,
      handshakeTimeout: this.deadlineMs,
      ALPNCallback: ({ protocols }) => names.find((name) => protocols.includes(name)),
    });
    server.on('secureConnection', (socket) => this.secured(socket, session));
    server.on('tlsClientError', (error, socket) => {
      this.options.metrics.refusedSockets.inc({ reason: 'tls' });
      this.options.log.debug({ err: error, session_id: session.id }, 'TLS handshake failed');
      socket.destroy();
    });
    if (!session.ended) session.tlsServer = server;
    return server;
  }

  private secured(socket: tls.TLSSocket, session: WorkerSession): void {
    socket.on('error', () => socket.destroy());
    const peer = peerOf(socket);
    this.inTls.get(peer)?.();
    this.inTls.delete(peer);
    const presented = socket.getPeerX509Certificate()?.raw;
    const handler = this.options.protocols.get(String(socket.alpnProtocol));
    if (!presented?.equals(session.grant.certificate) || !handler) {
      this.options.metrics.refusedSockets.inc({ reason: handler ? 'client certificate' : 'protocol' });
      socket.destroy();
      return;
    }
    handler(socket, session);
  }
}

const peerOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
