/**
 * The client side of the control protocol against a server that speaks it: real TLS, real gRPC,
 * real files.
 */
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../lib/clock/clock';
import { createLogger } from '../../../lib/log/log';
import { encodeActivationToken } from '../../../lib/tls/activation-token';
import {
  createAuthority,
  issueCertificate,
  publicKeyHash,
  publicKeyOfRequest,
  type Authority,
} from '../../../lib/tls/certificates';
import { newEd25519, pemFromDer, privateKeyPem } from '../../../lib/tls/keys';
import type { AttachRequest, AttachResponse, Hello } from '../../../proto/gen/worker/control';
import { ControlServiceService, type ControlServiceServer } from '../../../proto/gen/worker/control_service';
import { Link } from '../../../test/harness/link';
import { newGrant } from '../../../test/harness/session-worker';
import { waitFor } from '../../../test/harness/wait';
import { SessionRegistry } from '../sessions/registry';
import { ControllerUnreachable, type ClosedConnection, type EgressGrant } from '../sessions/types';
import { ControlClient } from './control-client';
import type { ControlOptions } from './control-options';
import { TestClock } from '../../../lib/clock/test-clock.fixture';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Message = NonNullable<AttachResponse['message']>;
type Request = NonNullable<AttachRequest['message']>;
type Value<K> = Extract<Request, { $case: K }>['value'];
type Stream = ServerDuplexStream<AttachRequest, AttachResponse>;

class Controller {
  readonly received: Request[] = [];
  readonly streams: Stream[] = [];
  enrolled = 0;
  /** Life of the certificates it issues; they begin a minute ago. */
  lifetimeMs = 3_600_000;
  welcome: Partial<Extract<Message, { $case: 'welcome' }>['value']> = {};
  /** Answers a message, or not. */
  answer: (message: Request) => Message | undefined = () => undefined;
  port = 0;
  private readonly server = new Server();

  /** The one token it enrolls with. */
  readonly accepted: string;

  constructor(readonly authority: Authority) {
    this.accepted = this.token;
  }

  get token(): string {
    const hash = publicKeyHash(this.authority.certificate);
    return encodeActivationToken({
      nonce: randomBytes(32),
      hmacKey: randomBytes(32),
      currentCaHash: hash,
      nextCaHash: randomBytes(32),
    });
  }

  async start(): Promise<this> {
    const key = newEd25519();
    const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
    const leaf = await this.issue(publicKey, 'controller');
    const ca = pemFromDer(this.authority.certificate);
    const credentials = ServerCredentials.createSsl(
      Buffer.from(ca),
      [{ private_key: Buffer.from(privateKeyPem(key)), cert_chain: Buffer.from(pemFromDer(leaf) + ca) }],
      false,
    );
    this.server.addService(ControlServiceService, this.service());
    this.port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
    });
    cleanups.push(() => this.server.forceShutdown());
    return this;
  }

  stop(): void {
    this.server.forceShutdown();
  }

  send(message: Message): void {
    this.streams.at(-1)!.write({ message });
  }

  of<K extends Request['$case']>(kind: K): Value<K>[] {
    return this.received.flatMap((message) => (message.$case === kind ? [message.value as Value<K>] : []));
  }

  hello(): Promise<Hello> {
    return waitFor('Hello', () => this.of('hello').at(-1));
  }

  private async issue(publicKey: Uint8Array, name: string): Promise<Buffer> {
    return issueCertificate(this.authority, {
      publicKey,
      commonName: name,
      uriNames: [`spiffe://d/${name}`],
      dnsNames: name === 'controller' ? ['sallyport-controller'] : [],
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + this.lifetimeMs),
    });
  }

  private service(): ControlServiceServer {
    return {
      enroll: (call, reply) => {
        void (async () => {
          this.enrolled++;
          const publicKey = await publicKeyOfRequest(call.request.certificate_request);
          if (call.request.activation_token !== this.accepted) {
            return reply({ code: 7, details: 'The activation token has been used.' });
          }
          const certificate = await this.issue(publicKey!, 'worker/w_1234567890');
          const ca_certificates = [this.authority.certificate];
          const registration_proof = Buffer.alloc(0);
          reply(null, { worker_id: 'w_1234567890', certificate, ca_certificates, registration_proof });
        })();
      },
      attach: (stream) => {
        this.streams.push(stream);
        stream.on('error', () => undefined);
        stream.on('data', ({ message }: AttachRequest) => void this.receive(stream, message!));
        stream.on('end', () => stream.end());
      },
    };
  }

  private async receive(stream: Stream, message: Request): Promise<void> {
    this.received.push(message);
    if (message.$case === 'hello') {
      const value = {
        worker_id: 'w_1234567890',
        controller_id: 'ctl_1',
        cancel_sessions: [],
        unknown_connection_ids: [],
        grants: [],
        heartbeat_seconds: 1,
        certificate_not_after: undefined,
        pieces: true,
        ...this.welcome,
      };
      stream.write({ message: { $case: 'welcome', value } });
    } else if (message.$case === 'renew_certificate') {
      const publicKey = await publicKeyOfRequest(message.value.certificate_request);
      this.lifetimeMs = 7_200_000;
      const value = {
        request_id: message.value.request_id,
        certificate: await this.issue(publicKey!, 'worker/w_1234567890'),
        ca_certificates: [this.authority.certificate],
        error: '',
      };
      stream.write({ message: { $case: 'renew_certificate', value } });
    } else {
      const answer = this.answer(message);
      if (answer) stream.write({ message: answer });
    }
  }
}

let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority({
    commonName: 'test',
    notBefore: new Date(Date.now() - 600_000),
    notAfter: new Date(Date.now() + 86_400_000),
  });
});

const newController = (): Promise<Controller> => new Controller(authority).start();

function newStorage(): string {
  const directory = mkdtempSync(join(tmpdir(), 'worker-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function newClient(controllers: Controller[], change: Partial<ControlOptions> = {}) {
  const registry: SessionRegistry = new SessionRegistry(systemClock, (...asked) => client.findSession(...asked));
  const client: ControlClient = new ControlClient({
    upstreams: controllers.map(({ port }) => ({ host: '127.0.0.1', port })),
    storagePath: newStorage(),
    activationToken: controllers[0]!.accepted,
    releaseVersion: '0.1.0',
    description: 'd',
    tags: { type: ['dev', 'local'] },
    clock: systemClock,
    log: createLogger('w', { level: process.env.TEST_LOG_LEVEL ?? 'silent' }),
    address: () => '127.0.0.1:9202',
    isDraining: () => false,
    registry,
    ...change,
  });
  cleanups.push(async () => {
    registry.close();
    await client.close();
  });
  client.start();
  return { client, registry };
}

const closed = (connectionId: string): ClosedConnection => ({
  connectionId,
  sessionId: 's_1',
  bytesUp: 1,
  bytesDown: 2,
  closedBy: 'client',
  cause: 'fin',
  dialFailed: false,
});

const toMessage = (grant: EgressGrant) => ({
  session_id: grant.sessionId,
  expires_in_ms: BigInt(grant.expiresInMs),
  role: {
    $case: 'egress' as const,
    value: {
      certificate: grant.certificate,
      private_key: grant.privateKey,
      endpoint: 'tcp://[::1]:5432',
      connection_limit: -1,
      offline_grace_seconds: 0,
    },
  },
});

test('enrolls once, keeps its identity to itself, says Hello, and uses the identity after a restart', async () => {
  const controller = await newController();
  const storagePath = newStorage();
  const first = newClient([controller], { storagePath });
  await first.client.firstAttach;
  expect(first.client.workerId).toBe('w_1234567890');
  expect(await controller.hello()).toMatchObject({
    protocol_version: 1,
    release_version: '0.1.0',
    address: '127.0.0.1:9202',
    config_tags: { type: { values: ['dev', 'local'] } },
    draining: false,
  });
  expect(statSync(storagePath).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(storagePath)) expect(statSync(join(storagePath, file)).mode & 0o777).toBe(0o600);
  await first.client.close();
  const second = newClient([controller], { storagePath, activationToken: undefined });
  await second.client.firstAttach;
  expect(controller.enrolled).toBe(1);
  const boots = controller.of('hello').map((hello) => hello.boot_id);
  expect(new Set(boots).size).toBe(2);
});

test('a controller of another deployment is not trusted with the token', async () => {
  const controller = await newController();
  const other = await new Controller(
    await createAuthority({ commonName: 'other', notBefore: new Date(0), notAfter: new Date(Date.now() + 3_600_000) }),
  ).start();
  const link = await Link.open(other.port);
  cleanups.push(() => link.close());
  newClient([other], { activationToken: controller.token, upstreams: [{ host: '127.0.0.1', port: link.port }] });
  // With trust the second connection would bring the token, and be the last one.
  await waitFor('a third attempt', () => link.accepted >= 3);
  expect(other.enrolled).toBe(0);
});

test.each([
  ['neslat_tooShort', 'is malformed'],
  ['used', 'has been used'],
])('activation token %s: attaching fails for good, with the remedy', async (text, message) => {
  const controller = await newController();
  const activationToken = text === 'used' ? controller.token : text;
  const { client } = newClient([controller], { activationToken });
  await expect(client.firstAttach).rejects.toThrow(message);
});

test('requests are matched with their answers', async () => {
  const controller = await newController();
  const { client } = newClient([controller]);
  const waiting: bigint[] = [];
  controller.answer = (message) => {
    if (message.$case === 'end_session') {
      return { $case: 'end_session', value: { request_id: message.value.request_id, refused: 'expired' } };
    }
    if (message.$case !== 'authorize_connection') return undefined;
    waiting.push(message.value.request_id);
    if (waiting.length < 2) return undefined;
    for (const request_id of [...waiting].reverse()) {
      const left = Number(request_id);
      const value = { request_id, refused: '', text: '', connections_left: left, expires_in_ms: 5n };
      controller.send({ $case: 'authorize_connection', value });
    }
    return undefined;
  };
  await client.firstAttach;
  const request = { sessionId: 's_1', tofuToken: 't', connectionId: 'sc_1', client: { address: '::1', port: 1 } };
  const answers = await Promise.all([client.authorizeConnection(request), client.authorizeConnection(request)]);
  expect(answers.map((answer) => answer.connectionsLeft)).toEqual(waiting.map(Number));
  expect(answers[0]).toMatchObject({ refused: '', expiresInMs: 5 });
  expect(await client.endSession('s_1', 't')).toBe('expired');
});

test('a stream that breaks fails its requests; the next controller gets Hello and the closes again', async () => {
  const [one, two] = [await newController(), await newController()];
  const { client, registry } = newClient([one, two]);
  await client.firstAttach;
  registry.put(newGrant({ host: 'h', port: 1 }, { sessionId: 's_live' }));
  client.connectionClosed(closed('sc_a'));
  client.connectionClosed(closed('sc_b'));
  await waitFor('the closes', () => one.of('connection_closed').length === 2);
  one.send({ $case: 'connection_closed_ack', value: { sequence: one.of('connection_closed')[0]!.sequence } });
  await waitFor('the acknowledgement', () => client.unacknowledged === 1);
  const request = { sessionId: 's_1', tofuToken: 't', connectionId: 'sc_1', client: { address: '::1', port: 1 } };
  const failed = client.authorizeConnection(request).catch((error: unknown) => error);
  await waitFor('the request', () => one.of('authorize_connection').length > 0);
  one.stop();
  expect(await failed).toMatchObject({ name: 'ControllerUnreachable', wasSent: true });
  const hello = await two.hello();
  expect(hello.sessions).toEqual([{ session_id: 's_live', connections: [] }]);
  expect(hello.acknowledged_sequence).toBe(one.of('connection_closed')[0]!.sequence);
  await waitFor('the close', () => two.of('connection_closed').length > 0);
  expect(two.of('connection_closed').map((close) => close.connection_id)).toEqual(['sc_b']);
});

test('closes of an earlier process are sent with its boot id', async () => {
  const controller = await newController();
  const storagePath = newStorage();
  const first = newClient([controller], { storagePath });
  await first.client.firstAttach;
  first.client.connectionClosed(closed('sc_a'));
  const { bootId } = first.client;
  await first.client.close();
  controller.received.length = 0;
  const second = newClient([controller], { storagePath });
  const [close] = await waitFor('the close', () => {
    const all = controller.of('connection_closed');
    return all.length > 0 && all;
  });
  expect(close).toMatchObject({ connection_id: 'sc_a', boot_id: bootId, bytes_up: 1n, bytes_down: 2n });
  expect(second.client.bootId).not.toBe(bootId);
});

test('without a controller requests fail soon and say that nothing was sent', async () => {
  const controller = await newController();
  const { client } = newClient([controller]);
  await client.firstAttach;
  controller.stop();
  await waitFor('the loss', () => !client.isAttached);
  const error: unknown = await client.endSession('s_1', 't').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ControllerUnreachable);
  expect(error).toMatchObject({ wasSent: false });
});

test('grants arrive by Welcome, push and request; cancels by Welcome and push', async () => {
  const controller = await newController();
  const [welcomed, pushed, asked] = ['s_a', 's_b', 's_c'].map((sessionId) =>
    toMessage(newGrant({ host: 'h', port: 1 }, { sessionId })),
  );
  controller.welcome = {
    grants: [welcomed!],
    cancel_sessions: [{ session_id: 's_a', cause: 'canceled', closed_by: 'admin' }],
  };
  controller.answer = (message) =>
    message.$case === 'get_grant'
      ? { $case: 'get_grant', value: { request_id: message.value.request_id, grant: asked, ended: undefined } }
      : undefined;
  const { client, registry } = newClient([controller]);
  await client.firstAttach;
  expect((await registry.get('s_a'))!.ended).toEqual({ cause: 'canceled', closedBy: 'admin' });
  controller.send({ $case: 'session_grant', value: pushed! });
  await waitFor('the grant', () => registry.size === 2);
  expect((await registry.get('s_b'))!.grant).toMatchObject({
    endpoint: { host: '::1', port: 5432 },
    offlineGraceMs: 0,
  });
  expect((await registry.get('s_c'))!.id).toBe('s_c');
  controller.send({ $case: 'cancel_session', value: { session_id: 's_b', cause: 'expired', closed_by: 'policy' } });
  const session = (await registry.get('s_b'))!;
  await waitFor('the cancel', () => session.ended !== undefined);
});

test('denied after it was attached, the worker cuts its sessions and takes nothing more for them', async () => {
  const controller = await newController();
  const { client, registry } = newClient([controller]);
  await client.firstAttach;
  const session = registry.put(newGrant({ host: 'h', port: 1 }));
  const cuts: unknown[] = [];
  const counts = () => ({ connectionId: 'sc_1', bytesUp: 1, bytesDown: 2 });
  session.connections.set('sc_1', { id: 'sc_1', isAuthorized: true, counts, cut: (end) => cuts.push(end) });
  controller.streams.at(-1)!.emit('error', { code: 7, details: 'this worker was deleted' });
  await waitFor('the cut', () => cuts.length > 0);
  expect(cuts).toEqual([{ closedBy: 'controller', cause: 'canceled' }]);
  expect(session.ended).toEqual({ closedBy: 'controller', cause: 'canceled' });
});

test('a stream that only breaks cuts nothing', async () => {
  const controller = await newController();
  const { client, registry } = newClient([controller]);
  await client.firstAttach;
  const session = registry.put(newGrant({ host: 'h', port: 1 }));
  controller.streams.at(-1)!.emit('error', { code: 14, details: 'the controller shuts down' });
  await waitFor('the next stream', () => controller.of('hello').length === 2 && client.isAttached);
  expect(session.ended).toBeUndefined();
});

test('an enrollment that is refused while the process runs is tried again', async () => {
  const controller = await newController();
  const clock = new TestClock({ start: 'system' });
  const { client } = newClient([controller], { clock });
  await client.firstAttach;
  // The certificate has expired, until the clock is put right.
  clock.set(86_400_000);
  controller.streams.at(-1)!.end();
  await waitFor('the loss', () => !client.isAttached);
  await new Promise((resolve) => setTimeout(resolve, 300));
  clock.set(0);
  await waitFor('the return', () => client.isAttached);
});

test('live counts are reported when they change', async () => {
  const controller = await newController();
  const { client, registry } = newClient([controller]);
  await client.firstAttach;
  const counts = { connectionId: 'sc_1', bytesUp: 1, bytesDown: 2, endpoint: { address: '::1', port: 5 } };
  const session = registry.put(newGrant({ host: 'h', port: 1 }));
  session.connections.set('sc_1', { id: 'sc_1', isAuthorized: true, counts: () => counts, cut: () => undefined });
  const stats = () => controller.of('connection_stats').flatMap((report) => report.stats);
  await waitFor('the first report', () => stats().length === 1);
  counts.bytesDown = 9;
  await waitFor('the second report', () => stats().length === 2);
  expect(stats()[1]).toMatchObject({ connection_id: 'sc_1', bytes_up: 1n, bytes_down: 9n, endpoint_port: 5 });
});

test('the certificate is renewed when half of its life is over', async () => {
  const controller = await newController();
  controller.lifetimeMs = 60_500;
  const storagePath = newStorage();
  const { client } = newClient([controller], { storagePath });
  await client.firstAttach;
  await waitFor('the request', () => controller.of('renew_certificate').length > 0);
  const { loadIdentity } = await import('./identity');
  const renewed = () => Date.parse(new X509Certificate(loadIdentity(storagePath)!.certificate).validTo);
  await waitFor('the certificate', () => renewed() > Date.now() + 3_600_000);
});

describe('much to tell', () => {
  const CONNECTIONS = 1_500;
  const SESSIONS = 1_700;

  /** A worker that serves much when it says Hello. */
  async function busy(controller: Controller) {
    const { client, registry } = newClient([controller]);
    await client.firstAttach;
    for (let i = 0; i < SESSIONS; i++) registry.put(newGrant({ host: 'h', port: 1 }));
    const session = registry.put(newGrant({ host: 'h', port: 1 }));
    const cut: string[] = [];
    for (let i = 0; i < CONNECTIONS; i++) {
      const id = `sc_${i}`;
      const counts = () => ({ connectionId: id, bytesUp: 1, bytesDown: 2 });
      session.connections.set(id, { id, isAuthorized: true, counts, cut: () => cut.push(id) });
    }
    controller.received.length = 0;
    controller.streams.at(-1)!.emit('error', { code: 14, details: 'again' });
    return { client, registry, session, cut };
  }

  test('an inventory goes in pieces, each after the answer to the one before', async () => {
    const controller = await newController();
    const { session, cut, registry } = await busy(controller);
    const pieces = () => controller.of('inventory');
    const items = (sessions: Hello['sessions']): number =>
      sessions.reduce((sum, { connections }) => sum + 1 + connections.length, 0);
    await waitFor('the first piece', () => pieces().length === 1);
    const hello = await controller.hello();
    expect(hello).toMatchObject({ pieces: true, more_inventory: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pieces()).toHaveLength(1);
    const [ended] = hello.sessions;
    const cancel = { session_id: ended!.session_id, cause: 'canceled', closed_by: 'admin' };
    const answer = (): void =>
      controller.send({
        $case: 'reconciled',
        value: { cancel_sessions: [cancel], unknown_connection_ids: ['sc_7', 'sc_none'] },
      });
    for (let n = 2; pieces().at(-1)!.more; n++) {
      answer();
      await waitFor('the next piece', () => pieces().length === n);
    }
    const all = [hello.sessions, ...pieces().map(({ sessions }) => sessions)];
    for (const piece of all) expect(items(piece)).toBeLessThanOrEqual(1_001);
    expect(new Set(all.flat().map(({ session_id }) => session_id)).size).toBe(SESSIONS + 1);
    const connections = all.flat().flatMap((piece) => piece.connections.map((one) => one.connection_id));
    expect(connections.toSorted()).toEqual([...session.connections.keys()].toSorted());
    answer();
    await waitFor('the cut', () => cut.includes('sc_7'));
    expect(new Set(cut)).toEqual(new Set(['sc_7']));
    expect((await registry.get(ended!.session_id))!.ended).toEqual({ cause: 'canceled', closedBy: 'admin' });
  }, 30_000);

  test('an older controller, which takes no pieces, learns from counts that the other connections live', async () => {
    const controller = await newController();
    controller.welcome = { pieces: false };
    await busy(controller);
    const told = () =>
      new Set(controller.of('connection_stats').flatMap(({ stats }) => stats.map((s) => s.connection_id)));
    await waitFor('all to be told', () => told().size === CONNECTIONS);
    expect(controller.of('inventory')).toEqual([]);
  }, 30_000);

  test('grants come in pieces, and cancellations many at a time', async () => {
    const controller = await newController();
    const { client, registry } = newClient([controller]);
    await client.firstAttach;
    const grants = Array.from({ length: 300 }, () => newGrant({ host: 'h', port: 1 }));
    controller.send({ $case: 'grants', value: { grants: grants.map(toMessage) } });
    await waitFor('the sessions', () => registry.size === 300);
    const sessions = grants.map(({ sessionId: session_id }) => ({ session_id, cause: 'canceled', closed_by: 'admin' }));
    controller.send({ $case: 'cancel_sessions', value: { sessions } });
    await waitFor('their ends', () => [...registry.all()].every((session) => session.ended));
  });

  test('closes are sent a part at a time', async () => {
    const controller = await newController();
    const { client } = newClient([controller]);
    await client.firstAttach;
    for (let i = 0; i < 500; i++) client.connectionClosed(closed(`sc_${i}`));
    const sent = () => controller.of('connection_closed').map(({ sequence }) => sequence);
    await waitFor('the first part', () => sent().length === 200);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent()).toHaveLength(200);
    const acknowledge = (sequence: bigint): void =>
      controller.send({ $case: 'connection_closed_ack', value: { sequence } });
    acknowledge(sent()[9]!);
    await waitFor('ten more', () => sent().length === 210);
    acknowledge(sent().at(-1)!);
    await waitFor('the second part', () => sent().length === 410);
    acknowledge(sent().at(-1)!);
    await waitFor('the rest', () => sent().length === 500);
    expect(sent()).toEqual([...new Set(sent())]);
    await waitFor('nothing left', () => {
      acknowledge(sent().at(-1)!);
      return client.unacknowledged === 0;
    });
  }, 30_000);
});
