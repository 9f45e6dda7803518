/**
 * The load of a transfer: an endpoint that sends or swallows, and a client that does the opposite.
 * Both read into one buffer and write from one, so that they cost little beside what is measured.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

export type Direction = 'up' | 'down';

const BLOCK = Buffer.alloc(64 * 1024, 7);
const SINK = Buffer.alloc(256 * 1024);
/** A direction and a number of bytes. */
const ORDER_BYTES = 9;
const UP = 0x75;
const DOWN = 0x64;

/**
 * Greets each client with one byte, then sends or swallows as ordered, and ends. On a free port of
 * the loopback.
 */
export async function startEndpoint(host = '127.0.0.1'): Promise<{ port: number; server: Server }> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.write('!');
    socket.once('data', (order: Buffer) => {
      const size = order.readDoubleBE(1);
      if (order[0] === DOWN) void send(socket, size).then(() => socket.end());
      else swallow(socket, size - (order.length - ORDER_BYTES), () => socket.end('.'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

/** Bytes per second of one transfer over the connection that `port` leads to. */
export async function transfer(port: number, direction: Direction, size: number, host = '127.0.0.1'): Promise<number> {
  let left = direction === 'down' ? size : 1;
  let over: () => void = () => undefined;
  let greeted: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (over = resolve));
  const greeting = new Promise<void>((resolve) => (greeted = resolve));
  let hasGreeting = false;
  const callback = (count: number): boolean => {
    left -= hasGreeting ? count : count - 1;
    hasGreeting = true;
    greeted();
    if (left <= 0) over();
    return true;
  };
  const socket = connect({ port, host, noDelay: true, onread: { buffer: SINK, callback } });
  const broke = new Promise<never>((_, reject) => {
    socket.once('error', reject).once('close', () => reject(new Error('the transfer ended early')));
  });
  await Promise.race([greeting, broke]);
  const order = Buffer.alloc(ORDER_BYTES);
  order[0] = direction === 'up' ? UP : DOWN;
  order.writeDoubleBE(size, 1);
  const started = process.hrtime.bigint();
  socket.write(order);
  if (direction === 'up') await Promise.race([send(socket, size), broke]);
  await Promise.race([done, broke]);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  broke.catch(() => undefined);
  socket.destroy();
  return size / seconds;
}

/** Seconds from the call to the first byte of a server that speaks first. */
export async function firstByte(port: number, host = '127.0.0.1'): Promise<number> {
  const started = process.hrtime.bigint();
  const socket = connect({ port, host, noDelay: true });
  await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject));
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  socket.destroy();
  return seconds;
}

async function send(socket: Socket, size: number): Promise<void> {
  let goOn: () => void = () => undefined;
  socket.on('drain', () => goOn()).on('close', () => goOn());
  for (let left = size; left > 0 && !socket.destroyed; left -= BLOCK.length) {
    const block = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
    if (!socket.write(block)) await new Promise<void>((resolve) => (goOn = resolve));
  }
}

function swallow(socket: Socket, size: number, done: () => void): void {
  let left = size;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left <= 0) done();
  });
}
