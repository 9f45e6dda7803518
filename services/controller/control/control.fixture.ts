/**
 * A worker as controllers see it: a gRPC client that enrolls, attaches, and keeps what it hears.
 */
import { credentials, type ClientDuplexStream, type status } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { systemClock, type Clock } from '../../../lib/clock/clock';
import { newTofuToken } from '../../../lib/contract/session-protocol';
import { createCertificateRequest } from '../../../lib/tls/certificates';
import { newEd25519, pemFromDer, privateKeyPem } from '../../../lib/tls/keys';
import { AttachRequest, Hello, type AttachResponse, type EnrollResponse } from '../../../proto/gen/worker/control';
import { ControlServiceClient } from '../../../proto/gen/worker/control_service';
import { waitFor } from '../../../test/harness/wait';
import { createAuthz } from '../authz/authorizer';
import { CONTROLLER_DEFAULTS } from '../config';
import { sql, transaction } from '../db/db';
import { CONTROLLER_LIMITS } from '../limits';
import { startClusterListener, type ClusterListener } from '../listeners/cluster-listener';
import { newConnectionId, WORKER, type World } from '../sessions/sessions.fixture';
import { startSessionPushes, type SessionPushes } from '../tasks/push-sessions';
import type { DeploymentAuthority } from '../workers/authority';
import { createActivationToken } from '../workers/enrollment';
import { startControl, type Control } from './control';

/** First-use token of the client behind the connections. */
export const TOFU = newTofuToken();

/** A cluster port, and the authorities (DER) that its certificate may come from. */
export interface ClusterPort {
  port: number;
  authorities: Buffer[];
}

export type Message = NonNullable<AttachResponse['message']>;
export type Value<C extends Message['$case']> = Extract<Message, { $case: C }>['value'];

export interface Keys {
  key: ReturnType<typeof newEd25519>;
  certificate: Buffer | undefined;
}

function dial(cluster: ClusterPort, keys: Keys): ControlServiceClient {
  const ca = Buffer.from(cluster.authorities.map((certificate) => pemFromDer(certificate)).join(''));
  const own = keys.certificate;
  const tls =
    own === undefined
      ? credentials.createSsl(ca)
      : credentials.createSsl(ca, Buffer.from(privateKeyPem(keys.key)), Buffer.from(pemFromDer(own)));
  return new ControlServiceClient(`127.0.0.1:${cluster.port}`, tls, {
    'grpc.ssl_target_name_override': 'sallyport-controller',
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
}

/** Trades an activation token for a certificate. */
export async function enrollWith(
  cluster: ClusterPort,
  activation_token: string,
  key = newEd25519(),
): Promise<EnrollResponse> {
  const client = dial(cluster, { key, certificate: undefined });
  const certificate_request = await createCertificateRequest(key);
  try {
    return await new Promise((resolve, reject) =>
      client.enroll({ activation_token, certificate_request }, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      ),
    );
  } finally {
    client.close();
  }
}

/** A worker's stream that keeps what it hears. */
export class TestWorker {
  readonly heard: Message[] = [];
  ended: { code: status; details: string } | undefined;
  readonly bootId: string;
  private readonly client: ControlServiceClient;
  private readonly stream: ClientDuplexStream<AttachRequest, AttachResponse>;
  /** Of the next request; they rise on a stream. */
  nextId = 1n;

  constructor(cluster: ClusterPort, keys: Keys, bootId = `boot-${Math.random()}`) {
    this.bootId = bootId;
    this.client = dial(cluster, keys);
    this.stream = this.client.attach();
    this.stream.on('data', ({ message }: AttachResponse) => {
      if (message !== undefined) this.heard.push(message);
    });
    this.stream.on('error', () => {});
    this.stream.on('status', ({ code, details }) => (this.ended = { code, details }));
  }

  tell(message: NonNullable<AttachRequest['message']>): void {
    this.stream.write({ message });
  }

  hello(more: Partial<Hello> = {}): void {
    const value = Hello.fromPartial({
      protocol_version: 1,
      release_version: '0.1.0',
      boot_id: this.bootId,
      address: '10.1.2.3:9202',
      config_tags: { Type: { values: ['Dev', 'local'] } },
    });
    this.tell({ $case: 'hello', value: { ...value, ...more } });
  }

  /** Next message of the kind; with a condition, the first that meets it. */
  async hear<C extends Message['$case']>(kind: C, that: (value: Value<C>) => boolean = () => true): Promise<Value<C>> {
    const found = await waitFor(
      kind,
      () => this.heard.find((message) => message.$case === kind && that(message.value as Value<C>)),
      { status: () => JSON.stringify({ heard: this.heard.map((m) => m.$case), ended: this.ended }) },
    );
    this.heard.splice(this.heard.indexOf(found), 1);
    return found.value as Value<C>;
  }

  async attach(more: Partial<Hello> = {}): Promise<Value<'welcome'>> {
    this.hello(more);
    return this.hear('welcome');
  }

  async authorize(session_id: string, more: { connection_id?: string; tofu_token?: string } = {}) {
    const request_id = this.nextId++;
    const request = {
      request_id,
      session_id,
      tofu_token: TOFU,
      connection_id: newConnectionId(),
      client_address: '10.9.8.7',
      client_port: 50_000,
      ...more,
    };
    this.tell({ $case: 'authorize_connection', value: request });
    const result = await this.hear('authorize_connection', (value) => value.request_id === request_id);
    return { ...result, connection_id: request.connection_id };
  }

  closed(session_id: string, connection_id: string, sequence: bigint, more: Record<string, unknown> = {}): void {
    this.tell({
      $case: 'connection_closed',
      value: {
        sequence,
        session_id,
        connection_id,
        bytes_up: 5n,
        bytes_down: 6n,
        closed_by: 'client',
        cause: 'fin',
        error: '',
        endpoint_address: '127.0.0.1',
        endpoint_port: 5432,
        dial_failed: false,
        boot_id: this.bootId,
        ...more,
      },
    });
  }

  async close(): Promise<void> {
    this.stream.cancel();
    await waitFor('the end of the stream', () => this.ended);
    this.client.close();
  }
}

/** One controller, as far as workers see it. */
export interface Part {
  control: Control;
  registry: Registry;
  pushes: SessionPushes;
  listener: ClusterListener;
  close(): Promise<void>;
}

/** Control streams, pushes and the cluster port of one controller. */
export async function startPart(
  world: World,
  authority: DeploymentAuthority,
  name: string,
  clock: Clock = systemClock,
): Promise<Part> {
  const { db, kms, log, tofuHmac } = world;
  const control = await startControl({ name, db, kms, log, tofuHmac, authority, clock });
  const registry = new Registry();
  const authz = createAuthz({ config: CONTROLLER_DEFAULTS, db, kms, audit: () => undefined });
  const pushes = await startSessionPushes({ db, kms, authz, log, control, clock, registry });
  const listener = await startClusterListener({
    address: { host: '127.0.0.1', port: 0 },
    secureContext: () => control.secureContext(),
    service: control.service,
    registry,
    limits: CONTROLLER_LIMITS.defaults(),
  });
  return {
    control,
    registry,
    pushes,
    listener,
    async close() {
      await pushes.close();
      await control.close();
      await listener.close();
    },
  };
}

export const clusterOf = (part: Part, authority: DeploymentAuthority): ClusterPort => ({
  port: part.listener.port,
  authorities: authority.certificates,
});

/** A fresh activation token of the world's worker; an older one no longer works. */
export function newActivationToken(world: World, authority: DeploymentAuthority, now: Date): Promise<string> {
  return transaction(world.db, now, async (tx) => {
    await sql`delete from worker_activation_tokens where worker_id = ${WORKER}`.execute(tx);
    return createActivationToken(tx, world.kms, authority, WORKER, now);
  });
}

/** Key and certificate of the world's worker. */
export async function enrolled(world: World, authority: DeploymentAuthority, part: Part): Promise<Keys> {
  const key = newEd25519();
  const token = await newActivationToken(world, authority, new Date());
  return { key, certificate: (await enrollWith(clusterOf(part, authority), token, key)).certificate };
}
