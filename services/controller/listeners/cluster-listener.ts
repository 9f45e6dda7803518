/**
 * The cluster port: gRPC over TLS 1.3 for workers. A client certificate is asked for but not required, because a
 * worker that enrolls has none yet; handlers ask {@link identityOf} who calls. The identity is that of the
 * connection's certificate, verified against the deployment's CA, and undefined in every other case.
 */
import { ServerCredentials, type ConnectionInjector } from '@grpc/grpc-js';
import { constants, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';
import { Counter, type Registry } from 'prom-client';
import { createRpcServer } from '../../../lib/rpc/server';
import { ControlServiceService, type ControlServiceServer } from '../../../proto/gen/worker/control';
import type { ListenAddress } from '../config';
import { Acceptor } from './connections';

/** PEM. */
export interface ClusterTls {
  /** Leaf, then CA. */
  cert: Buffer;
  key: Buffer;
  /** Certificates that client certificates may be issued by. */
  ca: Buffer[];
}

interface ClusterListenerOptions {
  address: ListenAddress;
  /** Asked at every connection; a new object means new certificates, for connections from then on. */
  secureContext: () => ClusterTls;
  service: ControlServiceServer;
  registry: Registry;
  timeouts?: Partial<ClusterTimeouts>;
}

/** All ms. */
interface ClusterTimeouts {
  /** From accept to the end of the TLS handshake. */
  handshake: number;
  /** Life of a connection without a verified certificate: enough to enroll. */
  anonymous: number;
}

export interface ClusterListener {
  /** As bound. */
  readonly address: string;
  readonly port: number;
  /** Cuts all streams; workers reconnect elsewhere. */
  close(): Promise<void>;
}

/** A worker as its certificate names it. */
export interface WorkerIdentity {
  workerId: string;
  deploymentId: string;
  certificate: X509Certificate;
}

const TIMEOUTS: ClusterTimeouts = { handshake: 10_000, anonymous: 60_000 };
/** Open connections at once. A worker holds one, and a second one while it reconnects. */
const MAX_CONNECTIONS = 4_096;
/** Unfinished handshakes and connections without a verified certificate, together. */
const MAX_ANONYMOUS = 512;

const GRPC_OPTIONS = {
  // Hello lists live connections, up to some 100,000 of them.
  'grpc.max_receive_message_length': 16 * 1_048_576,
  'grpc.max_send_message_length': 16 * 1_048_576,
  'grpc.max_concurrent_streams': 16,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc-node.max_session_memory': 64,
};

const identities = new WeakMap<object, WorkerIdentity>();

/** The worker that made a call of the control service; undefined without a valid certificate of the deployment. */
export const identityOf = (call: object): WorkerIdentity | undefined => identities.get(call);

/** Binds the cluster port. Rejects with Node's error when the address is taken or not ours. */
export async function startClusterListener(options: ClusterListenerOptions): Promise<ClusterListener> {
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const refused = new Counter({
    name: 'sallyport_controller_cluster_refused_connections_total',
    help: 'Connections to the cluster port that were closed before a call, by reason.',
    labelNames: ['reason'] as const,
    registers: [options.registry],
  });
  const peers = new Peers();
  const grpc = createRpcServer(GRPC_OPTIONS);
  grpc.addService(ControlServiceService, identified(options.service, peers));
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const doors = new Doors({ ...options, timeouts, refused, peers, injector });
  const acceptor = new Acceptor({
    address: options.address,
    maxConnections: MAX_CONNECTIONS,
    refused,
    onConnection: (socket) => doors.admit(socket),
  });
  const bound = await acceptor.listen();
  return {
    address: bound.host,
    port: bound.port,
    async close() {
      acceptor.stopAccepting();
      grpc.forceShutdown();
      acceptor.destroyAll();
      await acceptor.ended();
    },
  };
}

/**
 * Who is at the other end of each connection, by `ip:port` as `call.getPeer()` gives it: grpc-js shows no certificate
 * where it has not verified one itself.
 */
class Peers {
  private readonly byAddress = new Map<string, WorkerIdentity | undefined>();
  /** Connections that have not proven who they are, unfinished handshakes included. */
  anonymous = 0;

  /**
   * False when another live connection has the same address and port, which the kernel allows towards two addresses
   * of this host: who calls could not be told then.
   */
  add(socket: Socket): boolean {
    const key = peerOf(socket);
    if (this.byAddress.has(key)) return false;
    this.byAddress.set(key, undefined);
    this.anonymous++;
    socket.on('close', () => {
      if (this.byAddress.get(key) === undefined) this.anonymous--;
      this.byAddress.delete(key);
    });
    return true;
  }

  prove(socket: Socket, identity: WorkerIdentity): void {
    const key = peerOf(socket);
    // A connection that has just closed is no longer listed.
    if (!this.byAddress.has(key)) return;
    this.byAddress.set(key, identity);
    this.anonymous--;
  }

  find(peer: string): WorkerIdentity | undefined {
    return this.byAddress.get(peer);
  }
}

const peerOf = (socket: Socket): string => `${socket.remoteAddress}:${socket.remotePort}`;

/** The handlers, each call marked with its caller before they see it. */
function identified(service: ControlServiceServer, peers: Peers): ControlServiceServer {
  const mark = (call: { getPeer(): string }): void => {
    const identity = peers.find(call.getPeer());
    if (identity !== undefined) identities.set(call, identity);
  };
  return {
    enroll: (call, answer) => {
      mark(call);
      service.enroll(call, answer);
    },
    attach: (call) => {
      mark(call);
      service.attach(call);
    },
  };
}

interface DoorOptions {
  secureContext: () => ClusterTls;
  timeouts: ClusterTimeouts;
  refused: Counter<'reason'>;
  peers: Peers;
  injector: ConnectionInjector;
}

/** TLS of the cluster port: the handshake, whose it was, and the limits on those who have not proven who they are. */
class Doors {
  private current: ClusterTls;
  private readonly server: TlsServer;

  constructor(private readonly options: DoorOptions) {
    this.current = options.secureContext();
    this.server = createTlsServer({
      ...contextOptions(this.current),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      handshakeTimeout: options.timeouts.handshake,
    });
    this.server.on('secureConnection', (socket: TLSSocket) => this.welcome(socket));
    this.server.on('tlsClientError', (_, socket) => this.refuse(socket, 'TLS handshake failed'));
  }

  /** Starts the handshake with the certificates of this moment. */
  admit(socket: Socket): void {
    const wanted = this.options.secureContext();
    if (wanted !== this.current) {
      this.server.setSecureContext(contextOptions(wanted));
      this.current = wanted;
    }
    const { peers } = this.options;
    if (peers.anonymous >= MAX_ANONYMOUS) return this.refuse(socket, 'too many anonymous connections');
    if (!peers.add(socket)) return this.refuse(socket, 'ambiguous address');
    this.server.emit('connection', socket);
  }

  private welcome(socket: TLSSocket): void {
    socket.on('error', () => {});
    if (socket.alpnProtocol !== 'h2' || socket.destroyed) return this.refuse(socket, 'no HTTP/2');
    const identity = workerIdentity(socket, this.current.ca);
    if (identity === undefined) this.limitLife(socket);
    else this.options.peers.prove(socket, identity);
    this.options.injector.injectConnection(socket);
  }

  private limitLife(socket: TLSSocket): void {
    const timer = setTimeout(() => this.refuse(socket, 'anonymous for too long'), this.options.timeouts.anonymous);
    socket.on('close', () => clearTimeout(timer));
  }

  private refuse(socket: Socket, reason: string): void {
    this.options.refused.inc({ reason });
    socket.destroy();
  }
}

/** Tickets are off: a resumed session would carry a proof made under certificates that may since have changed. */
const contextOptions = ({ cert, key, ca }: ClusterTls): SecureContextOptions => ({
  cert,
  key,
  ca,
  minVersion: 'TLSv1.3',
  secureOptions: constants.SSL_OP_NO_TICKET,
});

const WORKER_URI = /^URI:spiffe:\/\/([^/,"]+)\/worker\/(w_[0-9A-Za-z]+)$/;

/**
 * The worker a verified client certificate names. OpenSSL has checked chain, dates and purpose against the CAs when
 * the socket is `authorized`; that one of our CAs signed the leaf itself is checked here once more.
 */
function workerIdentity(socket: TLSSocket, ca: readonly Buffer[]): WorkerIdentity | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) return undefined;
  const signed = ca.some((pem) => certificate.verify(new X509Certificate(pem).publicKey));
  const uris = (certificate.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  const match = uris.length === 1 ? WORKER_URI.exec(uris[0]!) : null;
  if (!signed || match === null) return undefined;
  return { deploymentId: match[1]!, workerId: match[2]!, certificate };
}
