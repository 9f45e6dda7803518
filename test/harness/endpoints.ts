/** TCP endpoints that targets lead to, inside the test process. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { waitFor } from './wait';
import { errorBehindEnd } from '../../lib/transport/local-stream';

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

/**
 * Sockets of dial(). Half-open ones stay when their peer has ended, and would keep the process of
 * the tests; programs that share this file have no such end.
 */
const dialed = new Set<Socket>();
if (typeof afterAll === 'function') afterAll(() => dialed.forEach((socket) => socket.destroy()));

/** A connection to a local port; half-open is allowed, errors are kept. */
export function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    dialed.add(socket);
    socket.once('close', () => dialed.delete(socket));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/**
 * Resolves when the socket is gone, with whether an error took it, also one that Node takes for an
 * end.
 */
export const gone = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    if (socket.closed) return resolve(socket.errored !== null);
    const look = (): void => {
      const error = errorBehindEnd(socket);
      if (error) socket.once('error', () => undefined).destroy(error);
    };
    if (socket.readableEnded) look();
    else socket.once('end', look);
    socket.once('close', resolve);
  });

/**
 * How the other side leaves: 'fin', or the code of the error. What is read meanwhile is the
 * caller's.
 */
export const ending = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once('end', () => resolve(errorBehindEnd(socket)?.code ?? 'fin'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

/**
 * The plain iteration would destroy the socket at its end, and with it the half that is still open.
 */
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

/**
 * A port that nobody accepts on and whose backlog is full, so that the kernel drops further SYNs.
 */
export async function deafPort(): Promise<{ port: number; close(): Promise<void> }> {
  const script = `const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await waitFor('the backlog to fill', () => fillers.filter((socket) => !socket.connecting).length >= 2);
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    },
  };
}
