/**
 * Live connections beside which bench/cancel.ts measures, in a process of their own: tokens come
 * in, a count goes out.
 */
import { connect, type Socket } from 'node:net';
import { startSessionProxy, type SessionProxy } from '../cli/connect/listener/session-proxy';

/** Each connection sends a message and gets its echo this often, ms. */
const MESSAGE_EVERY_MS = 1_000;
const MESSAGE = Buffer.alloc(100, 1);

interface Order {
  tokens: string[];
  /** For each token. */
  connections: number;
}

process.on('message', (order: Order) => {
  void open(order).then((sockets) => process.send!(sockets.length));
});

async function open({ tokens, connections }: Order): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const proxies: SessionProxy[] = [];
  for (const token of tokens) {
    const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 });
    proxies.push(proxy);
    for (let i = 0; i < connections; i++) sockets.push(await talking(proxy.port));
  }
  return sockets;
}

/** A connection whose first echo has come. */
function talking(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const timer = setInterval(() => socket.write(MESSAGE), MESSAGE_EVERY_MS);
    socket.once('close', () => clearInterval(timer)).once('error', reject);
    socket.once('data', () => {
      socket.on('data', () => undefined);
      resolve(socket);
    });
    socket.write(MESSAGE);
  });
}
