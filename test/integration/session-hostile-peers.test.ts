/** The proxy port against peers that mean harm or speak something else. */
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';
import { ed25519FromRaw, pemFromDer, privateKeyPem } from '../../lib/tls/keys';
import { encodeFrame, FrameType } from '../../lib/transport/frames';
import { Connect } from '../../proto/gen/transport/transport';
import { dial, echo, gone, readAll } from '../harness/endpoints';
import { cleanUp, closes, connectFrame, setUp, transportOf } from '../harness/session-setup';
import { newGrant, tokenOf, type SessionWorker } from '../harness/session-worker';
import { waitFor } from '../harness/wait';

afterEach(cleanUp);

const raw = async (worker: SessionWorker, bytes: Buffer): Promise<Buffer> => {
  const socket = connect(worker.address.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(bytes);
  await gone(socket);
  return Buffer.concat(chunks);
};

test('garbage and an oversized ClientHello are dropped', async () => {
  const { worker, proxy } = await setUp(echo);
  expect(await raw(worker, Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toHaveLength(0);
  expect(await raw(worker, Buffer.alloc(10 * 1024 * 1024, 0x41))).toHaveLength(0);
  // A record that announces a handshake message of 16 MiB.
  expect(await raw(worker, Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]))).toHaveLength(0);
  const socket = await dial(proxy.port);
  socket.end('still fine');
  expect((await readAll(socket)).toString()).toBe('still fine');
  expect(await worker.metrics.metrics()).toContain('refused_sockets_total{reason="not tls"} 3');
});

test.each([
  [['sallyport/1', 's_nosuchsess'], 49],
  [['http/1.1', 's_nosuchsess'], 80],
  [['http/1.1'], 80],
])('an unknown session with %j gets alert %i', async (ALPNProtocols, alert) => {
  const { worker } = await setUp(echo);
  const socket = tls.connect({ ...worker.address, ALPNProtocols, rejectUnauthorized: false });
  const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
  expect(error.message).toContain(`alert number ${alert}`);
});

test('another client certificate is refused', async () => {
  const { worker, sessionId } = await setUp(echo);
  const stranger = { ...newGrant({ host: '127.0.0.1', port: 1 }), sessionId };
  const socket = await transportOf(tokenOf(stranger, [worker.address])).catch((error: Error) => error);
  expect(socket).toMatchObject({ message: expect.stringContaining('another certificate') as string });
  expect(worker.controller.authorized).toEqual([]);
});

test.each(['no certificate', 'another certificate'])('a client with %s gets no connection', async (kind) => {
  const { worker, sessionId } = await setUp(echo);
  const stranger = newGrant({ host: '127.0.0.1', port: 1 });
  const identity = {
    cert: pemFromDer(stranger.certificate),
    key: privateKeyPem(ed25519FromRaw(stranger.privateKey)),
  };
  const socket = tls.connect({
    ...worker.address,
    servername: sessionId,
    ALPNProtocols: ['sallyport/1'],
    rejectUnauthorized: false,
    ...(kind === 'no certificate' ? {} : identity),
  });
  socket.on('error', () => undefined).write(connectFrame());
  await gone(socket.resume());
  expect(worker.controller.authorized).toEqual([]);
  expect(await worker.metrics.metrics()).toContain('reason="client certificate"} 1');
});

test.each([
  ['DATA first', encodeFrame(FrameType.data, Buffer.from('x'))],
  ['an unknown type', Buffer.from([99, 0, 0, 0])],
  ['a control payload of 17 KiB', Buffer.concat([Buffer.from([1, 0, 0x44, 0]), Buffer.alloc(0x4400)])],
  ['a short first-use token', encodeFrame(FrameType.connect, Connect.encode({ tofu_token: 'short' }).finish())],
  ['CONNECT that is no message', encodeFrame(FrameType.connect, Buffer.from([0xff, 0xff, 0xff]))],
])('%s ends the transport without a connection', async (_, bytes) => {
  const { worker, token } = await setUp(echo);
  const socket = await transportOf(token);
  socket.write(bytes);
  await gone(socket.resume());
  expect(worker.controller.authorized).toEqual([]);
});

test('a protocol error in a live connection closes it as such', async () => {
  const { worker, token, target } = await setUp(echo);
  const socket = await transportOf(token);
  socket.write(connectFrame());
  await waitFor('the endpoint', () => target.sockets.size > 0);
  socket.resume().write(connectFrame());
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'client', cause: 'protocol error' });
});

test('one address cannot hold more than its share of unfinished handshakes: its oldest makes room', async () => {
  const { worker, proxy } = await setUp(echo, { worker: { maxUnfinishedPerAddress: 5 } });
  const sockets: Socket[] = [];
  const ended: number[] = [];
  for (let i = 0; i < 7; i++) {
    const socket = await dial(worker.address.port);
    sockets.push(socket.resume().on('end', () => ended.push(i)));
  }
  await waitFor('the oldest to be dropped', () => ended.length === 2);
  const honest = await dial(proxy.port);
  honest.end('gets through');
  expect((await readAll(honest)).toString()).toBe('gets through');
  await waitFor('the next one to be dropped', () => ended.length === 3);
  expect(ended.sort()).toEqual([0, 1, 2]);
  expect(await worker.metrics.metrics()).toContain('refused_sockets_total{reason="too many handshakes"} 3');
  for (const socket of sockets) socket.destroy();
});
