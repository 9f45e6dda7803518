import { Client, credentials, status, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { Registry } from 'prom-client';
import type { Authority } from '../../../lib/tls/certificates';
import { AttachRequest, EnrollRequest, EnrollResponse, type AttachResponse } from '../../../proto/gen/worker/control';
import { ControlServiceClient } from '../../../proto/gen/worker/control_service';
import { testAuthority, testCertificate, type Pem } from '../../../test/harness/test-authority';
import { CONTROLLER_LIMITS } from '../limits';
import { identityOf, startClusterListener, type ClusterListener, type ClusterTls } from './cluster-listener';

let ours: Authority;
let theirs: Authority;
let tls: ClusterTls;
let listener: ClusterListener;
let registry: Registry;
const clients: Client[] = [];
const sockets: Socket[] = [];

const asTls = ({ cert, key, ca }: Pem): ClusterTls => ({ cert, key, ca: [ca] });
const WORKER = 'spiffe://d_1/worker/w_1234567890';

beforeAll(async () => {
  [ours, theirs] = await Promise.all([testAuthority(), testAuthority()]);
});
beforeEach(async () => {
  tls = asTls(await testCertificate(ours));
  registry = new Registry();
  listener = await startClusterListener({
    address: { host: '127.0.0.1', port: 0 },
    secureContext: () => tls,
    registry,
    limits: CONTROLLER_LIMITS.defaults(),
    timeouts: { handshake: 200, anonymous: 300 },
    service: {
      // Answers with who called, in the field for the worker's id.
      enroll: (call, answer) =>
        answer(null, EnrollResponse.fromPartial({ worker_id: identityOf(call)?.workerId ?? 'nobody' })),
      attach: (call) => {
        if (identityOf(call) === undefined)
          call.emit('error', { code: status.UNAUTHENTICATED, details: 'no certificate' });
        call.on('data', () => call.write({ message: { $case: 'heartbeat', heartbeat: {} } } as never));
        call.on('end', () => call.end());
      },
    },
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.close();
});

function client(channel: ChannelCredentials): ControlServiceClient {
  const made = new ControlServiceClient(`127.0.0.1:${listener.port}`, channel, {
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.use_local_subchannel_pool': 1,
  });
  clients.push(made);
  return made;
}

const with_ = (pem: Pem): ChannelCredentials => credentials.createSsl(tls.ca[0], pem.key, pem.cert);

const whoAmI = (of: ControlServiceClient): Promise<string> =>
  new Promise((resolve, reject) =>
    of.enroll(EnrollRequest.fromPartial({}), (error, answer) => (error ? reject(error) : resolve(answer.worker_id))),
  );

const refusals = async (reason: string): Promise<number> => {
  const metric = await registry.getSingleMetric('sallyport_controller_cluster_refused_connections_total')!.get();
  return metric.values.find((v) => v.labels.reason === reason)?.value ?? 0;
};

function dial(): { socket: Socket; closed: Promise<void> } {
  const socket = connect(listener.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  sockets.push(socket);
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
}

test('the identity is that of the certificate', async () => {
  expect(await whoAmI(client(with_(await testCertificate(ours, [WORKER]))))).toBe('w_1234567890');
});

test('two workers from one address are told apart', async () => {
  const one = client(with_(await testCertificate(ours, [WORKER])));
  const two = client(with_(await testCertificate(ours, ['spiffe://d_1/worker/w_2222222222'])));
  const none = client(credentials.createSsl(tls.ca[0]));
  expect(await Promise.all([whoAmI(one), whoAmI(two), whoAmI(none)])).toEqual([
    'w_1234567890',
    'w_2222222222',
    'nobody',
  ]);
});

test.each([
  ['no certificate', async () => credentials.createSsl(tls.ca[0])],
  ['an expired one', async () => with_(await testCertificate(ours, [WORKER], true))],
  ['one of another authority', async () => with_(await testCertificate(theirs, [WORKER]))],
  ["a controller's", async () => with_(await testCertificate(ours, ['spiffe://d_1/controller']))],
  ['two names', async () => with_(await testCertificate(ours, [WORKER, 'spiffe://d_1/worker/w_2']))],
  ['a name with more behind it', async () => with_(await testCertificate(ours, [`${WORKER}/x`]))],
  ['a name that hides another', async () => with_(await testCertificate(ours, [`spiffe://x, URI:${WORKER}`]))],
  ['no name', async () => with_(await testCertificate(ours))],
])('%s identifies nobody', async (_, channel) => {
  expect(await whoAmI(client(await channel()))).toBe('nobody');
});

test('streams work both ways', async () => {
  const stream = client(with_(await testCertificate(ours, [WORKER]))).attach();
  const answer = new Promise<AttachResponse>((resolve, reject) => stream.on('data', resolve).on('error', reject));
  stream.write(AttachRequest.fromPartial({ message: { $case: 'heartbeat', heartbeat: {} } } as never));
  expect((await answer).message?.$case).toBe('heartbeat');
  stream.end();
});

test('a handler can refuse a stream without identity', async () => {
  const stream = client(credentials.createSsl(tls.ca[0])).attach();
  stream.on('data', () => {});
  const error = await new Promise<ServiceError>((resolve) => stream.on('error', resolve as (e: Error) => void));
  expect(error.code).toBe(status.UNAUTHENTICATED);
});

test('new certificates hold for connections from then on', async () => {
  const old = client(with_(await testCertificate(ours, [WORKER])));
  expect(await whoAmI(old)).toBe('w_1234567890');
  const next = await testCertificate(theirs);
  tls = asTls(next);
  expect(await whoAmI(client(with_(await testCertificate(theirs, ['spiffe://d_1/worker/w_2222222222']))))).toBe(
    'w_2222222222',
  );
  expect(await whoAmI(client(with_(await testCertificate(ours, [WORKER]))))).toBe('nobody');
  expect(await whoAmI(old)).toBe('w_1234567890');
});

test('only TLS 1.3 and HTTP/2 are spoken', async () => {
  const ended = (options: object): Promise<string> =>
    new Promise((resolve) => {
      const socket = tlsConnect({ host: '127.0.0.1', port: listener.port, rejectUnauthorized: false, ...options });
      sockets.push(socket);
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on('close', () => resolve('closed'));
      socket.resume();
    });
  expect(await ended({ maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] })).toMatch(/PROTOCOL_VERSION/);
  expect(await ended({ ALPNProtocols: ['http/1.1'] })).toMatch(/NO_APPLICATION_PROTOCOL|closed/);
  expect(await ended({})).toBe('closed');
});

test('silent, slow and anonymous connections end, and 10 MB of garbage harm nobody', async () => {
  const silent = dial();
  const slow = dial();
  slow.socket.write(Buffer.from('160301', 'hex'));
  const idle = tlsConnect({ host: '127.0.0.1', port: listener.port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  sockets.push(idle);
  const idleClosed = new Promise<void>((resolve) =>
    idle
      .on('error', () => {})
      .on('close', () => resolve())
      .resume(),
  );
  const garbage = dial();
  const block = randomBytes(1_000_000);
  for (let i = 0; i < 10 && !garbage.socket.destroyed; i++) garbage.socket.write(block);
  await Promise.all([silent.closed, slow.closed, garbage.closed, idleClosed]);
  expect(await refusals('TLS handshake failed')).toBeGreaterThanOrEqual(3);
  expect(await refusals('anonymous for too long')).toBe(1);
  expect(await whoAmI(client(with_(await testCertificate(ours, [WORKER]))))).toBe('w_1234567890');
});

test('a connection with a certificate outlives the limit for anonymous ones', async () => {
  const worker = client(with_(await testCertificate(ours, [WORKER])));
  const stream = worker.attach();
  stream.on('error', () => {});
  let answers = 0;
  const some = new Promise<void>((resolve) => stream.on('data', () => ++answers === 8 && resolve()));
  const beat = setInterval(() => stream.write(AttachRequest.fromPartial({})), 60);
  await some;
  clearInterval(beat);
  expect(await refusals('anonymous for too long')).toBe(0);
});
