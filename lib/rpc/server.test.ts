/** Peers that reset streams in the packet that opens them. */
import { ServerCredentials, type Server } from '@grpc/grpc-js';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { createRpcServer } from './server';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Literal header without indexing. */
const header = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);

/** A connection whose first stream asks for `path` and is reset at once, in one packet. */
const resetAtOnce = (path: string, contentType: string): Buffer =>
  Buffer.concat([
    PREFACE,
    frame(4, 0, 0, Buffer.alloc(0)),
    frame(
      1,
      4,
      1,
      Buffer.concat([
        header(':method', 'POST'),
        header(':scheme', 'http'),
        header(':path', path),
        header(':authority', 'x'),
        header('content-type', contentType),
        header('te', 'trailers'),
      ]),
    ),
    frame(3, 0, 1, Buffer.of(0, 0, 0, 8)),
    // A ping, whose answer shows that all of it was read.
    frame(6, 0, 0, Buffer.alloc(8, 1)),
  ]);

let grpc: Server;
let door: NetServer;
beforeEach(async () => {
  grpc = createRpcServer({});
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  // As a port does that looks at the first bytes to tell protocols apart.
  door = createServer((socket) =>
    socket.once('data', (chunk) => {
      socket.pause();
      socket.unshift(chunk);
      injector.injectConnection(socket);
    }),
  );
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  grpc.forceShutdown();
  await new Promise((resolve) => door.close(resolve));
});

const port = (): number => (door.address() as AddressInfo).port;

function send(bytes: Buffer): Promise<Buffer> {
  const pong = frame(6, 1, 0, Buffer.alloc(8, 1));
  return new Promise((resolve, reject) => {
    let heard: Buffer = Buffer.alloc(0);
    const socket = connect(port(), '127.0.0.1', () => socket.write(bytes));
    socket.on('error', reject).on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      if (!heard.includes(pong)) return;
      socket.destroy();
      resolve(heard);
    });
  });
}

/** Status of an ordinary request that is no gRPC. */
function honest(): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port()}`);
    session.on('error', reject);
    const stream = session.request({ ':method': 'POST', ':path': '/x', 'content-type': 'text/plain' });
    stream.on('response', (headers) => {
      resolve(Number(headers[':status']));
      session.close();
    });
    stream.end();
  });
}

test.each([
  ['that is no gRPC', '/x', 'text/plain'],
  ['for a method that nobody serves', '/x/Y', 'application/grpc'],
])('a stream %s, reset in the packet that opens it, ends nothing', async (_, path, contentType) => {
  await send(resetAtOnce(path, contentType));
  expect(await honest()).toBe(415);
});
