/**
 * A worker's proxy port with real sockets, and a stand-in for the controllers that records what it
 * is told.
 */
import { Registry } from 'prom-client';
import { systemClock, type Clock } from '../../lib/clock/clock';
import { BOUNDARY_PROTOCOL, SALLYPORT_PROTOCOL } from '../../lib/contract/session-protocol';
import { newId, randomBase62 } from '../../lib/ids/ids';
import { createLogger } from '../../lib/log/log';
import { createSessionCertificate } from '../../lib/tls/session-certificate';
import { encodeAuthorizationToken, type SessionAuthorizationData } from '../../lib/transport/authorization-token';
import { WORKER_LIMITS, type WorkerLimits } from '../../services/worker/limits';
import { ConnectionPlaces } from '../../services/worker/proxy/connection-places';
import { createProxyMetrics } from '../../services/worker/proxy/metrics';
import { boundaryHandler } from '../../services/worker/proxy/boundary-upgrade';
import { ProxyServer, type ProtocolHandler } from '../../services/worker/proxy/proxy-server';
import { serveSallyport } from '../../services/worker/proxy/sallyport-protocol';
import { SessionRegistry } from '../../services/worker/sessions/registry';
import type {
  Authorization,
  AuthorizeConnection,
  ClosedConnection,
  Controller,
  EgressGrant,
} from '../../services/worker/sessions/types';

export class RecordingController implements Controller {
  readonly authorized: AuthorizeConnection[] = [];
  readonly closed: ClosedConnection[] = [];
  readonly ended: { sessionId: string; tofuToken: string }[] = [];
  /** Answers the next authorizations; the default allows everything. */
  authorize: (request: AuthorizeConnection) => Promise<Authorization> = () =>
    Promise.resolve({ refused: '', text: '', connectionsLeft: -1, expiresInMs: 3_600_000 });
  end: () => Promise<string> = () => Promise.resolve('');

  async authorizeConnection(request: AuthorizeConnection): Promise<Authorization> {
    this.authorized.push(request);
    return this.authorize(request);
  }

  async endSession(sessionId: string, tofuToken: string): Promise<string> {
    this.ended.push({ sessionId, tofuToken });
    return this.end();
  }

  connectionClosed(closed: ClosedConnection): void {
    this.closed.push(closed);
  }
}

export interface SessionWorker {
  controller: RecordingController;
  registry: SessionRegistry;
  address: { host: string; port: number };
  metrics: Registry;
  isDraining: boolean;
  /** Makes a session to `endpoint` and the token for its client. */
  session(
    endpoint: { host: string; port: number },
    change?: Partial<EgressGrant>,
  ): { sessionId: string; token: string };
  close(): Promise<void>;
}

export interface SessionWorkerOptions {
  halfClosedIdleMs?: number;
  keepaliveMs?: number;
  clock?: Clock;
  maxUnfinished?: number;
  maxUnfinishedPerAddress?: number;
  handshakeDeadlineMs?: number;
  dialTimeoutMs?: number;
  limits?: Partial<WorkerLimits>;
  /** Does not speak sallyport/1, like a worker of Boundary. */
  onlyBoundary?: boolean;
}

export async function startSessionWorker(options: SessionWorkerOptions = {}): Promise<SessionWorker> {
  const controller = new RecordingController();
  const registry = new SessionRegistry(systemClock, () => Promise.resolve(undefined));
  const log = createLogger('worker', { level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const metrics = new Registry();
  const proxyMetrics = createProxyMetrics(metrics);
  const deps = {
    controller,
    places: new ConnectionPlaces({ ...WORKER_LIMITS.defaults(), ...options.limits }),
    endSession: registry.end.bind(registry),
    isDraining: () => worker.isDraining,
    clock: systemClock,
    log,
    metrics: proxyMetrics,
    ...options,
  };
  const protocols = new Map<string, ProtocolHandler>([[BOUNDARY_PROTOCOL, boundaryHandler(deps)]]);
  if (!options.onlyBoundary) {
    protocols.set(SALLYPORT_PROTOCOL, (socket, session) => serveSallyport(socket, session, deps));
  }
  const server = new ProxyServer({
    host: '127.0.0.1',
    port: 0,
    protocols,
    findSession: (id) => registry.get(id),
    clock: systemClock,
    log,
    metrics: proxyMetrics,
    ...options,
  });
  const address = await server.listen();
  const worker: SessionWorker = {
    controller,
    registry,
    address,
    metrics,
    isDraining: false,
    session(endpoint, change) {
      const grant = newGrant(endpoint, change);
      registry.put(grant);
      return { sessionId: grant.sessionId, token: tokenOf(grant, [address]) };
    },
    async close() {
      registry.cutAll({ closedBy: 'worker', cause: 'worker drain' });
      registry.close();
      await server.close();
    },
  };
  return worker;
}

export function newGrant(endpoint: { host: string; port: number }, change: Partial<EgressGrant> = {}): EgressGrant {
  const sessionId = newId('s');
  const now = new Date();
  const made = createSessionCertificate({
    sessionId,
    workerHosts: ['127.0.0.1'],
    now,
    expiration: new Date(now.getTime() + 3_600_000),
  });
  return { sessionId, ...made, endpoint, connectionLimit: -1, expiresInMs: 3_600_000, ...change };
}

/** The grant that a worker needs for the session of a token. */
export function grantOf(data: SessionAuthorizationData): EgressGrant {
  const { hostname, port } = new URL(data.endpoint);
  return {
    sessionId: data.session_id,
    certificate: data.certificate,
    privateKey: data.private_key,
    endpoint: { host: hostname, port: Number(port) },
    connectionLimit: data.connection_limit,
    expiresInMs: (data.expiration?.getTime() ?? 0) - Date.now(),
  };
}

export function tokenOf(grant: EgressGrant, workers: { host: string; port: number }[]): string {
  const data: SessionAuthorizationData = {
    session_id: grant.sessionId,
    target_id: 'ttcp_1234567890',
    scope: undefined,
    created_time: new Date(),
    type: 'tcp',
    connection_limit: grant.connectionLimit,
    endpoint_port: grant.endpoint.port,
    expiration: new Date(Date.now() + grant.expiresInMs),
    certificate: grant.certificate,
    private_key: grant.privateKey,
    host_id: '',
    endpoint: `tcp://${grant.endpoint.host}:${grant.endpoint.port}`,
    worker_info: workers.map(({ host, port }) => ({ address: `${host}:${port}` })),
    default_client_port: 0,
  };
  return encodeAuthorizationToken(data);
}

export const newTofuToken = (): string => randomBase62(20);
