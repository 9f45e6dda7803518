/**
 * Boundary's session protocol at the worker, byte for byte. The peer is written here from the
 * protocol's description and shares no code with the product: TLS with the session's certificate,
 * the upgrade as text, frames by hand.
 */
import { createHash, randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import tls, { type TLSSocket } from 'node:tls';
import { startSessionProxy } from '../../cli/connect/listener/session-proxy';
import { ed25519FromRaw, pemFromDer, privateKeyPem } from '../../lib/tls/keys';
import { decodeAuthorizationToken } from '../../lib/transport/authorization-token';
import { ControllerUnreachable, type Authorization } from '../../services/worker/sessions/types';
import { dial, echo, endpoint, readAll, type Endpoint } from '../harness/endpoints';
import { startSessionWorker, type SessionWorker, type SessionWorkerOptions } from '../harness/session-worker';
import { waitFor } from '../harness/wait';

const TOKEN = 'ks3vuQqDP26lUeRshnXe';
const CONNECT = Buffer.from(`5214${Buffer.from(TOKEN).toString('hex')}`, 'hex');
const CANCEL = Buffer.concat([CONNECT, Buffer.from('a00101', 'hex')]);
const UNLIMITED = 'a001ffffffffffffffffff01f001ffffffffffffffffff01';
const ALLOWED: Authorization = { refused: '', text: '', connectionsLeft: -1, expiresInMs: 3_600_000 };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Frame {
  fin: boolean;
  opcode: number;
  masked: boolean;
  payload: Buffer;
}

/**
 * Says and hears the protocol; `frames` has all that came, `ended` is set at the end of the stream.
 */
class Peer {
  readonly frames: Frame[] = [];
  head = '';
  ended = false;
  private bytes = Buffer.alloc(0);

  constructor(readonly socket: TLSSocket) {
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('end', () => (this.ended = true)).on('close', () => (this.ended = true));
    socket.on('error', () => undefined);
  }

  /** One frame, masked; written in pieces of `piece` bytes. */
  send(payload: Buffer, { opcode = 2, fin = true, piece = 4096, masked = true } = {}): void {
    const key = randomBytes(4);
    const length = payload.length;
    const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
    const head = Buffer.alloc(2 + extended);
    head[0] = (fin ? 0x80 : 0) | opcode;
    head[1] = (masked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
    if (extended === 2) head.writeUInt16BE(length, 2);
    if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
    const body = masked ? payload.map((byte, i) => byte ^ key[i % 4]!) : payload;
    const frame = Buffer.concat(masked ? [head, key, body] : [head, body]);
    for (let at = 0; at < frame.length; at += piece) this.socket.write(frame.subarray(at, at + piece));
  }

  close(code: number, reason = ''): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.send(Buffer.concat([payload, Buffer.from(reason)]), { opcode: 8 });
  }

  /** The frame with this number, once it is there. */
  async frame(index: number): Promise<Frame> {
    await waitFor(`frame ${index}`, () => this.frames.length > index);
    return this.frames[index]!;
  }

  /** `code reason` of the Close frame that comes. */
  async closeFrame(): Promise<string> {
    const isClose = (frame: Frame) => frame.opcode === 8;
    await waitFor('a Close frame', () => this.frames.some(isClose));
    const { payload } = this.frames.find(isClose)!;
    return `${payload.readUInt16BE()} ${payload.toString('utf8', 2)}`.trim();
  }

  /** Payload of all data frames after the handshake result. */
  received(): Buffer {
    const data = this.frames.filter((frame) => frame.opcode === 2 || frame.opcode === 0);
    return Buffer.concat(data.slice(1).map((frame) => frame.payload));
  }

  private take(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    const end = this.head === '' ? this.bytes.indexOf('\r\n\r\n') : -1;
    if (end >= 0) {
      this.head = this.bytes.toString('latin1', 0, end + 4);
      this.bytes = this.bytes.subarray(end + 4);
    }
    while (this.head !== '' && this.cutFrame());
  }

  private cutFrame(): boolean {
    if (this.bytes.length < 2) return false;
    const short = this.bytes[1]! & 0x7f;
    const at = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.bytes.length < at) return false;
    const length =
      short < 126 ? short : short === 126 ? this.bytes.readUInt16BE(2) : Number(this.bytes.readBigUInt64BE(2));
    if (this.bytes.length < at + length) return false;
    const first = this.bytes[0]!;
    this.frames.push({
      fin: (first & 0x80) !== 0,
      opcode: first & 0x7f,
      masked: (this.bytes[1]! & 0x80) !== 0,
      payload: this.bytes.subarray(at, at + length),
    });
    this.bytes = this.bytes.subarray(at + length);
    return true;
  }
}

/** TLS as Boundary's client speaks it: no server name, the session id as second protocol. */
async function openTls(token: string, { pieces = 0 } = {}): Promise<TLSSocket> {
  const data = decodeAuthorizationToken(token);
  const [host, port] = data.worker_info[0]!.address.split(':');
  const tcp = connectTcp({ host: host!, port: Number(port), noDelay: true });
  cleanups.push(() => tcp.destroy());
  const options = {
    cert: pemFromDer(data.certificate),
    key: privateKeyPem(ed25519FromRaw(data.private_key)),
    ca: [pemFromDer(data.certificate)],
    minVersion: 'TLSv1.3' as const,
    ALPNProtocols: ['http/1.1', data.session_id],
    checkServerIdentity: () => undefined,
  };
  const socket = tls.connect({ ...options, socket: pieces > 0 ? inPieces(tcp, pieces) : tcp });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  expect(socket.alpnProtocol).toBe('http/1.1');
  expect(socket.authorized).toBe(true);
  return socket;
}

/** The same stream, written in small segments: TLS records and the hello arrive torn. */
function inPieces(tcp: Socket, bytes: number): Transform {
  const torn = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = 0; at < chunk.length; at += bytes) tcp.write(chunk.subarray(at, at + bytes));
      done();
    },
  });
  torn.on('end', () => tcp.end());
  torn.resume();
  const { Duplex } = jest.requireActual<typeof import('node:stream')>('node:stream');
  return Duplex.from({ writable: torn, readable: tcp }) as unknown as Transform;
}

const UPGRADE = [
  'GET /v1/proxy HTTP/1.1',
  'Host: 127.0.0.1:7100',
  'User-Agent: Go-http-client/1.1',
  'Connection: Upgrade',
  'Sec-Websocket-Key: EeajtQ3Y/VMz663jf4BfeQ==',
  'Sec-Websocket-Protocol: boundary-tcp-proxy-v1',
  'Sec-Websocket-Version: 13',
  'Upgrade: websocket',
  'Accept-Encoding: gzip',
];

async function upgrade(token: string, request = UPGRADE, tearing = {}): Promise<Peer> {
  const peer = new Peer(await openTls(token, tearing));
  peer.socket.write(`${request.join('\r\n')}\r\n\r\n`);
  await waitFor('the answer to the upgrade', () => peer.head !== '' || peer.ended);
  return peer;
}

interface World {
  worker: SessionWorker;
  target: Endpoint;
  sessionId: string;
  token: string;
}

async function world(handle: (socket: Socket) => void, options: SessionWorkerOptions = {}): Promise<World> {
  const target = await endpoint(handle);
  cleanups.push(() => target.close());
  const worker = await startSessionWorker(options);
  cleanups.push(() => worker.close());
  return { worker, target, ...worker.session({ host: '127.0.0.1', port: target.port }) };
}

/** An upgraded peer whose connection is allowed. */
async function connected(token: string): Promise<Peer> {
  const peer = await upgrade(token);
  peer.send(CONNECT);
  await peer.frame(0);
  return peer;
}

const closedOf = async (worker: SessionWorker) => {
  await waitFor('the report of the close', () => worker.controller.closed.length > 0);
  return worker.controller.closed[0]!;
};

test('upgrade, handshake, bytes both ways, close', async () => {
  const { worker, token, sessionId } = await world(echo);
  const peer = await upgrade(token);
  expect(peer.head.split('\r\n').map((line) => line.replace(/^Date: .* GMT$/, 'Date: GMT'))).toEqual([
    'HTTP/1.1 101 Switching Protocols',
    'Cache-Control: no-store',
    'Connection: Upgrade',
    'Sec-WebSocket-Accept: m9Ft+9kh18z1JcTJEDt9m0jS1Ng=',
    'Sec-WebSocket-Protocol: boundary-tcp-proxy-v1',
    'Upgrade: websocket',
    'Date: GMT',
    '',
    '',
  ]);
  worker.controller.authorize = () => Promise.resolve({ ...ALLOWED, connectionsLeft: 1 });
  peer.send(CONNECT);
  const result = await peer.frame(0);
  expect(result).toMatchObject({ fin: true, opcode: 2, masked: false });
  expect(result.payload.toString('hex')).toMatch(
    /^52..08[0-9a-f]{10}(10[0-9a-f]{2,10})?a001ffffffffffffffffff01f00101$/,
  );
  expect(worker.controller.authorized[0]).toMatchObject({ sessionId, tofuToken: TOKEN });
  peer.send(Buffer.from('hello'));
  await waitFor('the echo', () => peer.received().length === 5);
  expect(peer.received().toString()).toBe('hello');
  peer.close(1000);
  expect(await peer.closeFrame()).toBe('1000');
  await waitFor('the end', () => peer.ended);
  expect(await closedOf(worker)).toMatchObject({ closedBy: 'client', cause: 'fin', bytesUp: 5, bytesDown: 5 });
});

test('a limit that is used up is told as no connections left', async () => {
  const { worker, target } = await world(echo);
  const { token } = worker.session({ host: '127.0.0.1', port: target.port }, { connectionLimit: 2 });
  worker.controller.authorize = () => Promise.resolve({ ...ALLOWED, connectionsLeft: 0 });
  const peer = await connected(token);
  expect(peer.frames[0]!.payload.toString('hex')).toMatch(/a00102$/);
});

test('large frames in 4 KiB pieces, fragments and torn TLS records keep every byte', async () => {
  const { worker, token } = await world(echo);
  const peer = await upgrade(token, UPGRADE, { pieces: 700 });
  peer.send(CONNECT.subarray(0, 9), { fin: false });
  peer.send(CONNECT.subarray(9), { opcode: 0 });
  await peer.frame(0);
  const bytes = randomBytes(300_000);
  peer.send(bytes.subarray(0, 100));
  peer.send(bytes.subarray(100, 200), { piece: 1 });
  peer.send(bytes.subarray(200, 33_000), { fin: false });
  peer.send(bytes.subarray(33_000, 65_000), { opcode: 0, fin: false });
  peer.send(Buffer.from('ping'), { opcode: 9 });
  peer.send(bytes.subarray(65_000, 65_001), { opcode: 0 });
  peer.send(bytes.subarray(65_001));
  await waitFor('all bytes', () => peer.received().length === bytes.length);
  const sha = (data: Buffer) => createHash('sha256').update(data).digest('hex');
  expect(sha(peer.received())).toBe(sha(bytes));
  expect(peer.frames.filter((frame) => frame.opcode === 10).map((frame) => frame.payload.toString())).toEqual(['ping']);
  peer.close(1000);
  expect(await closedOf(worker)).toMatchObject({ bytesUp: 300_000, bytesDown: 300_000, cause: 'fin' });
});

test('what was sent right before the close still reaches the endpoint, once it is dialed', async () => {
  let received: Promise<Buffer> | undefined;
  const { worker, token } = await world((socket) => {
    received = readAll(socket);
  });
  const peer = await upgrade(token);
  const bytes = randomBytes(50_000);
  peer.send(CONNECT);
  peer.send(bytes);
  peer.close(1000);
  expect(await closedOf(worker)).toMatchObject({ closedBy: 'client', cause: 'fin', bytesUp: 50_000 });
  expect((await received!).equals(bytes)).toBe(true);
});

test('the end of the endpoint is a Close behind its last byte', async () => {
  const { worker, token } = await world((socket) => socket.end(Buffer.alloc(200_000, 7)));
  const peer = await connected(token);
  expect(await peer.closeFrame()).toBe('1000');
  expect(peer.received().length).toBe(200_000);
  peer.close(1000);
  expect(await closedOf(worker)).toMatchObject({ closedBy: 'endpoint', cause: 'fin', bytesDown: 200_000 });
});

test('the handshake result comes although the endpoint refuses, then 3000', async () => {
  const { worker, target, token } = await world(echo);
  await target.close();
  const peer = await upgrade(token);
  peer.send(CONNECT);
  const result = await peer.frame(0);
  expect(result.payload.toString('hex')).toContain(UNLIMITED);
  expect(await peer.closeFrame()).toBe('3000 unable to setup proxying');
  peer.close(3000, 'unable to setup proxying');
  expect(await closedOf(worker)).toMatchObject({ cause: 'dial refused', dialFailed: true });
  await waitFor('the end', () => peer.ended);
});

test.each([
  ['tofu token not allowed', '1008 tofu token not allowed'],
  ['connection limit', '1011 unable to authorize connection'],
  ['canceled', '1011 unable to authorize connection'],
])('refused for "%s": %s', async (refused, expected) => {
  const { worker, token } = await world(echo);
  worker.controller.authorize = () => Promise.resolve({ ...ALLOWED, refused });
  const peer = await upgrade(token);
  peer.send(CONNECT);
  expect(await peer.closeFrame()).toBe(expected);
  expect(peer.frames.length).toBe(1);
  expect(worker.controller.closed).toEqual([]);
});

test('no controller: 1011 unable to authorize connection', async () => {
  const { worker, token } = await world(echo);
  worker.controller.authorize = () => Promise.reject(new ControllerUnreachable('gone', false));
  const peer = await upgrade(token);
  peer.send(CONNECT);
  expect(await peer.closeFrame()).toBe('1011 unable to authorize connection');
});

test.each<[string, (peer: Peer) => void, string]>([
  ['a short token', (peer) => peer.send(Buffer.from('5203616263', 'hex')), '1003 invalid tofu token'],
  ['no message of the protocol', (peer) => peer.send(Buffer.from('ff', 'hex')), '1007 failed to unmarshal protobuf'],
  ['too long', (peer) => peer.send(Buffer.alloc(40_000)), '1009 invalid handshake received'],
  ['text', (peer) => peer.send(Buffer.from('hello'), { opcode: 1 }), '1003 text message'],
  ['not masked', (peer) => peer.send(CONNECT, { masked: false }), '1002 frame is not masked'],
  ['a reserved bit', (peer) => peer.send(CONNECT, { opcode: 0x42 }), '1002 reserved bits are set'],
  [
    'a long ping',
    (peer) => peer.send(Buffer.alloc(126), { opcode: 9 }),
    '1002 control frame is fragmented or too long',
  ],
])('a first message that is wrong: %s', async (_name, send, expected) => {
  const { worker, token } = await world(echo);
  const peer = await upgrade(token);
  send(peer);
  expect(await peer.closeFrame()).toBe(expected);
  expect(worker.controller.authorized).toEqual([]);
});

test('a text message among the data ends the connection as a protocol error', async () => {
  const { worker, token } = await world(echo);
  const peer = await connected(token);
  peer.send(Buffer.from('hello'), { opcode: 1 });
  expect(await peer.closeFrame()).toBe('1003 text message');
  expect(await closedOf(worker)).toMatchObject({ closedBy: 'client', cause: 'protocol error' });
});

test('cancel is answered as such although the client closes right behind it', async () => {
  const { worker, token, sessionId } = await world(echo);
  const live = await connected(token);
  // The answer is known only after the client's Close was read.
  worker.controller.end = () => new Promise((resolve) => setTimeout(() => resolve(''), 100));
  const peer = await upgrade(token);
  peer.send(CANCEL);
  peer.close(1000, 'session teardown finished');
  expect(await peer.closeFrame()).toBe('1000 session canceled');
  expect(worker.controller.ended).toEqual([{ sessionId, tofuToken: TOKEN }]);
  await waitFor('the live connection to be cut', () => live.ended);
  expect(await closedOf(worker)).toMatchObject({ closedBy: 'client', cause: 'fin' });
});

test('cancel of a canceled session is fine, and a refused one is told', async () => {
  const { worker, token, sessionId } = await world(echo);
  worker.controller.end = () => Promise.resolve('tofu token not allowed');
  const refused = await upgrade(token);
  refused.send(CANCEL);
  expect(await refused.closeFrame()).toBe('1011 unable to cancel session');
  worker.registry.end(sessionId, { closedBy: 'admin', cause: 'canceled' });
  const peer = await upgrade(token);
  peer.send(CANCEL);
  expect(await peer.closeFrame()).toBe('1000 session canceled');
});

test.each([
  ['canceled', 'admin'],
  ['expired', 'policy'],
] as const)('a session that is %s cuts at once', async (cause, closedBy) => {
  const { worker, token, sessionId } = await world(echo);
  const peer = await connected(token);
  worker.registry.end(sessionId, { closedBy, cause });
  expect(await peer.closeFrame()).toBe(`1008 ${cause}`);
  peer.close(1008);
  await waitFor('the end', () => peer.ended);
  expect(await closedOf(worker)).toMatchObject({ closedBy, cause });
});

test('unknown and expired sessions: alert 80 before TLS', async () => {
  const { worker, token, sessionId } = await world(echo);
  worker.registry.end(sessionId, { closedBy: 'policy', cause: 'expired' });
  await expect(openTls(token)).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' });
});

test('a client that vanishes is lost', async () => {
  const { worker, token } = await world(echo);
  const peer = await connected(token);
  peer.socket.destroy();
  expect(await closedOf(worker)).toMatchObject({ closedBy: 'client', cause: 'client lost' });
});

test('an endpoint that reads nothing stops the client', async () => {
  const { token } = await world((socket) => socket.pause());
  const peer = await connected(token);
  const block = Buffer.alloc(32_768);
  let sent = 0;
  await waitFor('the sender to stop', () => {
    for (let i = 0; i < 32 && peer.socket.writableLength < 4_000_000; i++, sent++) peer.send(block, { piece: 65_536 });
    return peer.socket.writableLength >= 4_000_000;
  });
  expect(sent * block.length).toBeLessThan(200_000_000);
});

test.each([
  ['another path', UPGRADE.map((line) => line.replace('/v1/proxy', '/v1/other')), 404],
  ['no upgrade', UPGRADE.filter((line) => !/^(Upgrade|Connection)/.test(line)), 426],
  [
    'an upgrade that the Connection header does not name',
    UPGRADE.filter((line) => !line.startsWith('Connection')),
    426,
  ],
  ['a bad key', UPGRADE.map((line) => line.replace(/Key: .*/, 'Key: short')), 400],
  ['another origin', [...UPGRADE, 'Origin: https://example.com'], 403],
])('%s is refused', async (_name, request, status) => {
  const { token } = await world(echo);
  const peer = await upgrade(token, request);
  expect(peer.head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(peer.head).toMatch(/cache-control: no-store/i);
  await waitFor('the end', () => peer.ended);
});

describe('our own client at a worker that only speaks this protocol', () => {
  async function proxied(handle: (socket: Socket) => void) {
    const made = await world(handle, { onlyBoundary: true });
    const warnings: string[] = [];
    const left: number[] = [];
    const proxy = await startSessionProxy({
      token: made.token,
      listenAddress: '127.0.0.1',
      listenPort: 0,
      onWarning: (text) => warnings.push(text),
      onConnectionsLeft: (count) => left.push(count),
    });
    cleanups.push(() => proxy.close());
    return { ...made, proxy, warnings, left };
  }

  test('bytes both ways, connections left, end of the session', async () => {
    const { worker, proxy, left } = await proxied(echo);
    worker.controller.authorize = () => Promise.resolve({ ...ALLOWED, connectionsLeft: 3 });
    const local = await dial(proxy.port);
    const bytes = randomBytes(500_000);
    const chunks: Buffer[] = [];
    let got = 0;
    local.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      got += chunk.length;
    });
    local.write(bytes);
    await waitFor('the echo', () => got === bytes.length);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(left).toEqual([3]);
    local.end();
    expect(await closedOf(worker)).toMatchObject({ cause: 'fin', closedBy: 'client', bytesUp: 500_000 });
    await proxy.close();
    expect(worker.controller.ended.length).toBe(1);
  });

  test('the end of the endpoint ends the local connection with all its bytes', async () => {
    const { proxy } = await proxied((socket) => socket.end(Buffer.alloc(300_000, 5)));
    const local = await dial(proxy.port);
    expect((await readAll(local)).length).toBe(300_000);
  });

  test('a refused dial is told, and a foreign token ends the proxy', async () => {
    const { worker, target, proxy, warnings } = await proxied(echo);
    await target.close();
    (await dial(proxy.port)).on('error', () => undefined);
    await waitFor('the warning', () => warnings.length > 0);
    expect(warnings).toEqual(["The worker cannot reach the target's endpoint."]);
    worker.controller.authorize = () => Promise.resolve({ ...ALLOWED, refused: 'tofu token not allowed' });
    (await dial(proxy.port)).on('error', () => undefined);
    expect((await proxy.done).reason).toContain('already in use');
  });
});
