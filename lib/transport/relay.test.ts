/** What the relay makes of its local socket and its peer; both are real sockets. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock } from '../clock/clock';
import { encodeFrame, FrameDecoder, FrameType } from './frames';
import { errorBehindEnd } from './local-stream';
import { Relay, type RelayEnd } from './relay';
import { Transport } from './transport';
import { TestClock } from '../clock/test-clock.fixture';

const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

/** Two ends of a TCP connection. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  for (const socket of [near, far]) sockets.push(socket.on('error', () => undefined));
  return [near, far];
}

/** Periods of seconds pass in moments. */
const fast = new TestClock({ start: 'system', pace: 100 });

async function setUp(halfClosedIdleMs?: number, clock = systemClock) {
  const [local, application] = await pair();
  const [inner, peer] = await pair();
  const frames: string[] = [];
  const names = Object.fromEntries(Object.entries(FrameType).map(([name, type]) => [type, name]));
  const decoder = new FrameDecoder({
    data: (chunk) => frames.push(`data ${chunk.toString()}`),
    control: (type) => frames.push(names[type]!),
  });
  peer.on('data', (chunk: Buffer) => decoder.push(chunk));
  const silent = { data() {}, control() {}, drain() {}, closed() {} };
  const transport = new Transport(inner, silent, systemClock);
  const done = new Promise<RelayEnd>((resolve) => {
    new Relay(local, transport, { clock, halfClosedIdleMs, done: resolve }).start();
  });
  return { local, application, peer, frames, done, transport };
}

test('an endpoint that stops answering is lost, not reset', async () => {
  const { local, done, frames, peer, transport } = await setUp();
  local.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }));
  expect(await done).toEqual({ by: 'local', cause: 'lost', error: 'ETIMEDOUT' });
  transport.end();
  await once(peer, 'end');
  expect(frames).toEqual(['rst']);
});

test('each direction ends on its own; the first to end is named', async () => {
  const { application, peer, done, frames } = await setUp();
  const received: string[] = [];
  application.on('data', (chunk: Buffer) => received.push(chunk.toString()));
  application.end('request');
  while (!frames.includes('fin')) await once(peer, 'data');
  peer.write(Buffer.concat([encodeFrame(FrameType.data, Buffer.from('answer')), encodeFrame(FrameType.fin)]));
  expect(await done).toEqual({ by: 'local', cause: 'fin' });
  expect(frames).toEqual(['data request', 'fin']);
  await once(application, 'end');
  expect(received).toEqual(['answer']);
});

test.each([
  ['DATA after FIN', [FrameType.fin, FrameType.data]],
  ['FIN twice', [FrameType.fin, FrameType.fin]],
  ['CONNECT', [FrameType.connect]],
])('%s is a protocol error and resets the local side', async (_, types) => {
  const { local, peer, done } = await setUp();
  peer.write(Buffer.concat(types.map((type) => encodeFrame(type, Buffer.from('x')))));
  expect(await done).toMatchObject({ by: 'peer', cause: 'protocol error' });
  if (!local.closed) await once(local, 'close');
});

test('a peer that vanishes is lost although the local side had ended', async () => {
  const { application, peer, done } = await setUp();
  application.end();
  await once(peer, 'data');
  peer.destroy();
  expect(await done).toMatchObject({ by: 'peer', cause: 'lost' });
});

test('a local socket that is reset while its peer takes nothing more is noticed', async () => {
  const { local, application, peer, done } = await setUp(undefined, fast);
  peer.pause();
  const block = Buffer.alloc(64 * 1024);
  const fill = (): void => {
    while (!application.destroyed && application.write(block));
  };
  application.on('drain', fill);
  fill();
  // It stands still once the kernel takes nothing more of either socket.
  for (let i = 0, seen = -1; i < 100 && (seen !== application.bytesWritten || !local.isPaused()); i++) {
    seen = application.bytesWritten;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(local.isPaused()).toBe(true);
  application.resetAndDestroy();
  expect(await done).toMatchObject({ by: 'local', cause: 'rst', error: 'ECONNRESET' });
});

test.each([
  ['both directions open', false],
  ['its own direction ended', true],
])('a reset that comes together with bytes is no end: %s', async (_, hasEnded) => {
  const { application, peer, done, frames, transport } = await setUp();
  if (hasEnded) {
    peer.write(encodeFrame(FrameType.fin));
    await once(application.resume(), 'end');
  }
  application.write('x');
  application.resetAndDestroy();
  expect(await done).toEqual({ by: 'local', cause: 'rst', error: 'ECONNRESET' });
  transport.end();
  await once(peer, 'end');
  expect(frames).toEqual(['data x', 'rst']);
});

test('an end is an end although a reset comes right behind it', async () => {
  const { application, peer, done, frames } = await setUp();
  application.end('x');
  application.once('finish', () => application.resetAndDestroy());
  while (!frames.includes('fin')) await once(peer, 'data');
  peer.write(encodeFrame(FrameType.fin));
  expect(await done).toEqual({ by: 'local', cause: 'fin' });
  expect(frames).toEqual(['data x', 'fin']);
});

test('bytes that the peer sent before its reset reach the application', async () => {
  const { application, peer, done } = await setUp();
  const received: string[] = [];
  application.on('data', (chunk: Buffer) => received.push(chunk.toString()));
  const left = new Promise((resolve) => {
    application.once('end', () => resolve(errorBehindEnd(application)?.code));
    application.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
  peer.write(Buffer.concat([encodeFrame(FrameType.data, Buffer.from('last words')), encodeFrame(FrameType.rst)]));
  expect(await done).toMatchObject({ by: 'peer', cause: 'rst' });
  expect(await left).toBe('ECONNRESET');
  expect(received).toEqual(['last words']);
});

test('a reset in the same read as the end before it leaves no socket behind', async () => {
  const { local, peer, done } = await setUp();
  const closed = once(local, 'close');
  peer.write(Buffer.concat([encodeFrame(FrameType.fin), encodeFrame(FrameType.rst)]));
  expect(await done).toMatchObject({ by: 'peer', cause: 'rst' });
  await closed;
});
