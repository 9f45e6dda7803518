import { Client, credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { connect as http2Connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { Registry } from 'prom-client';
import type { Authority } from '../../../lib/tls/certificates';
import { EnrollRequest, EnrollResponse } from '../../../proto/gen/worker/control';
import { ControlServiceClient } from '../../../proto/gen/worker/control_service';
import { testAuthority, testCertificate, type Pem } from '../../../test/harness/test-authority';
import { waitFor } from '../../../test/harness/wait';
import { CONTROLLER_LIMITS, type ControllerLimits } from '../limits';
import { identityOf, startClusterListener, type ClusterListener } from './cluster-listener';
import type { ClusterTimeouts } from './cluster-shares';

let ours: Authority;
let server: Pem;
let worker: Pem;
let listener: ClusterListener;
let registry: Registry;
/** Sent to whoever attaches. */
let welcome: object | undefined;
const clients: Client[] = [];
const sockets: Socket[] = [];
const sessions: ClientHttp2Session[] = [];

beforeAll(async () => {
  ours = await testAuthority();
  server = await testCertificate(ours);
  worker = await testCertificate(ours, ['spiffe://d_1/worker/w_1234567890']);
});
beforeEach(() => {
  welcome = undefined;
});
afterEach(async () => {
  // Node must not send a reset while it is still reading frames, which may be what has ended the
  // test.
  await new Promise((resolve) => setImmediate(resolve));
  for (const client of clients.splice(0)) client.close();
  for (const session of sessions.splice(0)) session.destroy();
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.close();
});

async function start(limits: Partial<ControllerLimits> = {}, timeouts: Partial<ClusterTimeouts> = {}): Promise<void> {
  registry = new Registry();
  const tls = { cert: server.cert, key: server.key, ca: [server.ca] };
  listener = await startClusterListener({
    address: { host: '127.0.0.1', port: 0 },
    secureContext: () => tls,
    registry,
    limits: { ...CONTROLLER_LIMITS.defaults(), ...limits },
    timeouts,
    service: {
      enroll: (call, answer) =>
        answer(null, EnrollResponse.fromPartial({ worker_id: identityOf(call)?.workerId ?? 'nobody' })),
      attach: (call) => {
        call.on('error', () => {}).on('data', () => {});
        if (welcome !== undefined) call.write(welcome);
      },
    },
  });
}

const refusals = async (reason: string): Promise<number> => {
  const metric = await registry.getSingleMetric('sallyport_controller_cluster_refused_connections_total')!.get();
  return metric.values.find((v) => v.labels.reason === reason)?.value ?? 0;
};

function whoAmI(channel: ChannelCredentials): Promise<string> {
  const options = { 'grpc.ssl_target_name_override': 'localhost', 'grpc.use_local_subchannel_pool': 1 };
  const client = new ControlServiceClient(`127.0.0.1:${listener.port}`, channel, options);
  clients.push(client);
  return new Promise((resolve, reject) =>
    client.enroll(EnrollRequest.fromPartial({}), (error, answer) =>
      error ? reject(error) : resolve(answer.worker_id),
    ),
  );
}

async function dial(localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port: listener.port, host: '127.0.0.1', localAddress });
  sockets.push(socket);
  socket.on('error', () => {}).resume();
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

function session(pem?: Pem, settings = {}): ClientHttp2Session {
  const createConnection = () => {
    const mine = pem === undefined ? {} : { cert: pem.cert, key: pem.key };
    const options = { rejectUnauthorized: false, ALPNProtocols: ['h2'], ...mine };
    return tlsConnect({ port: listener.port, host: '127.0.0.1', ...options });
  };
  const made = http2Connect(`https://127.0.0.1:${listener.port}`, { createConnection, settings });
  sessions.push(made.on('error', () => {}));
  return made;
}

const open = (all: Socket[]): number => all.filter((socket) => !socket.destroyed).length;

test('a worker comes in while strangers hold connections, of many addresses or of its own', async () => {
  await start({ cluster_anonymous_connections: 20, cluster_connections_per_address: 10 });
  const flood: Socket[] = [];
  for (let i = 0; i < 60; i++) flood.push(await dial(`127.0.0.${1 + (i % 3)}`));
  await waitFor('the room to be kept', () => open(flood) <= 20);
  const channel = credentials.createSsl(server.ca, worker.key, worker.cert);
  expect(await whoAmI(channel)).toBe('w_1234567890');
  expect(await refusals('gave way to others')).toBeGreaterThan(40);
});

test('one address keeps its share', async () => {
  await start({ cluster_connections_per_address: 4 });
  const flood: Socket[] = [];
  for (let i = 0; i < 10; i++) flood.push(await dial());
  await waitFor('the oldest to be closed', () => open(flood) === 4);
  expect(flood.slice(6).every((socket) => !socket.destroyed)).toBe(true);
});

test('a worker has a share of connections: its newest ones', async () => {
  await start({ cluster_connections_per_worker: 2 });
  const all: ClientHttp2Session[] = [];
  for (let i = 0; i < 4; i++) {
    const one = session(worker);
    attach(one);
    await new Promise((resolve) => one.once('remoteSettings', resolve));
    all.push(one);
  }
  await waitFor('the oldest to be closed', () => all[0]!.destroyed && all[1]!.destroyed);
  expect([all[2]!.destroyed, all[3]!.destroyed]).toEqual([false, false]);
});

const ENROLL = '/sallyport.worker.v1.ControlService/Enroll';
const ATTACH = '/sallyport.worker.v1.ControlService/Attach';

interface Sent {
  stream: ClientHttp2Stream;
  outcome: Promise<unknown>;
  isOver: boolean;
}

/** Begins a message of `length` bytes and sends `sent` of it. */
function begin(on: ClientHttp2Session, path: string, length: number, sent: number): Sent {
  const stream = on.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
  const outcome = new Promise<unknown>((resolve) => {
    stream.on('response', (headers) => headers['grpc-status'] !== undefined && resolve(headers['grpc-status']));
    stream.on('trailers', (headers) => resolve(headers['grpc-status']));
    stream.on('error', () => {}).on('close', () => resolve(stream.rstCode));
  });
  const bytes = Buffer.alloc(5 + sent);
  bytes.writeUInt32BE(length, 1);
  stream.resume().write(bytes);
  const made = { stream, outcome, isOver: false };
  void outcome.then(() => (made.isOver = true));
  return made;
}

const attach = (on: ClientHttp2Session): Sent => begin(on, ATTACH, 0, 0);

test('a request for enrollment is small', async () => {
  await start();
  const on = session();
  expect(await begin(on, ENROLL, 70_000, 70_000).outcome).toBe('8');
  expect(await begin(on, ATTACH, 70_000, 70_000).outcome).toBe('8');
  expect(await refusals('too large for a stranger')).toBe(2);
});

test('half-sent enrollments are bounded', async () => {
  await start({ cluster_bytes_per_address: 1_048_576 });
  const all: Sent[] = [];
  for (let c = 0; c < 4; c++) {
    const on = session();
    for (let i = 0; i < 16; i++) all.push(begin(on, ENROLL, 65_000, 60_000));
  }
  // 60,000 bytes and what stands for them, thirteen times.
  await waitFor('the refusals', () => all.filter(({ isOver }) => isOver).length >= 64 - 13);
  expect(await refusals('too many bytes held')).toBe(64 - 13);
});

test('half-sent messages of a worker are bounded', async () => {
  await start({ cluster_bytes_per_worker: 18_874_368 });
  const on = session(worker);
  const all = [1, 2, 3].map(() => begin(on, ATTACH, 16_000_000, 15_000_000));
  await waitFor('the refusals', () => all.filter(({ isOver }) => isOver).length === 2);
  expect(await refusals('too many bytes held')).toBe(2);
});

test('a message beyond the largest ends its stream', async () => {
  await start();
  expect(await begin(session(worker), ATTACH, 16 * 1_048_576 + 1, 0).outcome).toBe('8');
});

test('a half-sent message is cut, and silence between messages is not', async () => {
  await start({}, { message: 200 });
  const on = session(worker);
  const whole = attach(on);
  expect(await begin(on, ATTACH, 1_000, 500).outcome).toBe(constants.NGHTTP2_CANCEL);
  expect([whole.isOver, await refusals('half-sent message')]).toEqual([false, 1]);
});

test('a stream that is not read is cut', async () => {
  await start({}, { answer: 200, check: 50 });
  welcome = { message: { $case: 'heartbeat', value: {} } };
  const { outcome } = attach(session(worker, { initialWindowSize: 0 }));
  expect(await outcome).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(await refusals('answer not read')).toBe(1);
});
