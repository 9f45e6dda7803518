/** TCP endpoints that targets lead to, inside the test process. */
import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Endpoint {
  port: number;
  sockets: Set<Socket>;
  close(): Promise<void>;
}

/** Serves each connection with `handle`; half-open sockets are allowed. */
export async function endpoint(handle: (socket: Socket) => void): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    // Resets are part of what is tested; 'close' follows.
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const echo = (socket: Socket): void => void socket.pipe(socket);

/** A connection to a local port; half-open is allowed, errors are kept. */
export function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** Resolves when the socket is gone, with whether an error took it. */
export const gone = (socket: Socket): Promise<boolean> =>
  socket.closed ? Promise.resolve(socket.errored !== null) : new Promise((resolve) => socket.once('close', resolve));

/** The plain iteration would destroy the socket at its end, and with it the half that is still open. */
const whole = (socket: Socket): AsyncIterable<unknown> => socket.iterator({ destroyOnReturn: false });

/** Everything that comes until the other side's FIN. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of whole(socket)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const BLOCK = randomBytes(1 << 20);

/** Writes `total` bytes, obeying back-pressure, and answers their SHA-256. */
export async function writeMany(socket: Socket, total: number): Promise<string> {
  const hash = createHash('sha256');
  for (let left = total; left > 0;) {
    const block = BLOCK.subarray(0, Math.min(left, BLOCK.length));
    hash.update(block);
    left -= block.length;
    if (!socket.write(block)) {
      await new Promise<void>((resolve, reject) => {
        const failed = () => reject(new Error('connection lost while writing'));
        socket.once('close', failed);
        socket.once('drain', () => {
          socket.off('close', failed);
          resolve();
        });
      });
    }
  }
  return hash.digest('hex');
}

/** SHA-256 and length of what comes until FIN. */
export async function hashAll(socket: Socket): Promise<{ sha256: string; length: number }> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of whole(socket)) {
    hash.update(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  return { sha256: hash.digest('hex'), length };
}
