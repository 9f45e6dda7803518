/**
 * The cluster port: gRPC over TLS 1.3 for workers. A client certificate is asked for but not
 * required, because a worker that enrolls has none yet; handlers ask {@link identityOf} who calls.
 * The identity is that of the connection's certificate, verified against the deployment's CA, and
 * undefined in every other case.
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
import { Http2Streams } from '../../../lib/limits/http2-streams';
import type { PortShares } from '../../../lib/limits/port-shares';
import { createRpcServer } from '../../../lib/rpc/server';
import { ControlServiceService, type ControlServiceServer } from '../../../proto/gen/worker/control_service';
import type { ListenAddress } from '../config';
import type { ControllerLimits } from '../limits';
import { http2ServerOf } from '../rpc/http2-server';
import {
  CLUSTER_TIMEOUTS,
  clusterShares,
  clusterStreams,
  MAX_MESSAGE_BYTES,
  MAX_STREAMS,
  type ClusterTimeouts,
} from './cluster-shares';
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
  /** Called for every connection. A new object means new certificates from then on. */
  secureContext: () => ClusterTls;
  service: ControlServiceServer;
  registry: Registry;
  /** Changed in place when the configuration is loaded anew. */
  limits: ControllerLimits;
  timeouts?: Partial<ClusterTimeouts>;
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

const GRPC_OPTIONS = {
  // Hello lists live connections, up to some 100,000 of them.
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': MAX_STREAMS,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc-node.max_session_memory': 64,
};

const identities = new WeakMap<object, WorkerIdentity>();

/**
 * The worker that made a call of the control service; undefined without a valid certificate of the
 * deployment.
 */
export const identityOf = (call: object): WorkerIdentity | undefined => identities.get(call);

/** Binds the cluster port. Rejects with Node's error when the address is taken or not ours. */
export async function startClusterListener(options: ClusterListenerOptions): Promise<ClusterListener> {
  const timeouts = { ...CLUSTER_TIMEOUTS, ...options.timeouts };
  const refusals = new Counter({
    name: 'sallyport_controller_cluster_refused_connections_total',
    help: 'Connections and calls to the cluster port that were refused or cut, by reason.',
    labelNames: ['reason'] as const,
    registers: [options.registry],
  });
  const refused = (reason: string): void => refusals.inc({ reason });
  const shares = clusterShares(options.limits, refused);
  const peers = new Peers();
  const grpc = createRpcServer(GRPC_OPTIONS);
  grpc.addService(ControlServiceService, identified(options.service, peers));
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const streams = new Http2Streams(http2ServerOf(grpc), clusterStreams({ shares, timeouts, refused }));
  const doors = new Doors({ ...options, timeouts, refused, peers, shares, injector });
  const acceptor = new Acceptor({
    address: options.address,
    refused,
    onConnection: (socket) => doors.admit(socket),
  });
  const bound = await acceptor.listen();
  return {
    address: bound.host,
    port: bound.port,
    async close() {
      acceptor.stopAccepting();
      streams.close();
      grpc.forceShutdown();
      acceptor.destroyAll();
      await acceptor.ended();
    },
  };
}

/**
 * The worker at the other end of each connection, by `ip:port` as `call.getPeer()` gives it.
 * grpc-js shows no certificate that it has not verified itself.
 */
class Peers {
  private readonly byAddress = new Map<string, WorkerIdentity | undefined>();

  /**
   * False when another live connection has the same address and port, which the kernel allows
   * towards two addresses of this host. It could not be told then which of them calls.
   */
  add(socket: Socket): boolean {
    const key = peerOf(socket);
    if (this.byAddress.has(key)) return false;
    this.byAddress.set(key, undefined);
    socket.on('close', () => this.byAddress.delete(key));
    return true;
  }

  prove(socket: Socket, identity: WorkerIdentity): void {
    const key = peerOf(socket);
    // A connection that has just closed is no longer listed.
    if (this.byAddress.has(key)) this.byAddress.set(key, identity);
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
  refused: (reason: string) => void;
  peers: Peers;
  shares: PortShares;
  injector: ConnectionInjector;
}

/**
 * TLS of the cluster port: the handshake, the identity that it proves, and the limits on peers that
 * have not proven any.
 */
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
    const { peers, shares } = this.options;
    if (shares.admit(socket) === undefined) return;
    if (!peers.add(socket)) return this.refuse(socket, 'ambiguous address');
    this.server.emit('connection', socket);
  }

  private welcome(socket: TLSSocket): void {
    socket.on('error', () => {});
    if (socket.alpnProtocol !== 'h2' || socket.destroyed) return this.refuse(socket, 'no HTTP/2');
    const identity = workerIdentity(socket, this.current.ca);
    if (identity === undefined) this.limitLife(socket);
    else if (!this.prove(socket, identity)) return this.refuse(socket, 'too many connections of workers');
    this.options.injector.injectConnection(socket);
  }

  private prove(socket: TLSSocket, identity: WorkerIdentity): boolean {
    const { peers, shares } = this.options;
    if (shares.peerOf(socket)?.prove(identity.workerId) !== true) return false;
    peers.prove(socket, identity);
    return true;
  }

  private limitLife(socket: TLSSocket): void {
    const timer = setTimeout(() => this.refuse(socket, 'anonymous for too long'), this.options.timeouts.anonymous);
    socket.on('close', () => clearTimeout(timer));
  }

  private refuse(socket: Socket, reason: string): void {
    this.options.refused(reason);
    socket.destroy();
  }
}

/**
 * Tickets are off: a resumed session would carry a proof made under certificates that may since
 * have changed.
 */
const contextOptions = ({ cert, key, ca }: ClusterTls): SecureContextOptions => ({
  cert,
  key,
  ca,
  minVersion: 'TLSv1.3',
  secureOptions: constants.SSL_OP_NO_TICKET,
});

const WORKER_URI = /^URI:spiffe:\/\/([^/,"]+)\/worker\/(w_[0-9A-Za-z]+)$/;

/**
 * The worker a verified client certificate names. OpenSSL has checked chain, dates and purpose
 * against the CAs when the socket is `authorized`; that one of our CAs signed the leaf itself is
 * checked here once more.
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
