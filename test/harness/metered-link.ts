/** A TCP relay that counts what crosses it, and that can hold back one side's answers. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface MeteredLink {
  port: number;
  /** Bytes from those who connect, and to them. */
  up: number;
  down: number;
  /** Turns of the conversation: how often bytes went up after bytes had come down, or at first. */
  flights: number;
  /** From its `flights`-th flight on, nothing comes down any more until release(). */
  holdAfter(flights: number): void;
  release(): void;
  close(): Promise<void>;
}

export async function openMeteredLink(to: number): Promise<MeteredLink> {
  const sockets = new Set<Socket>();
  let isUp = false;
  let limit = Infinity;
  let held: Socket[] = [];
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) keep(socket);
    near.on('data', (chunk: Buffer) => {
      link.up += chunk.length;
      if (!isUp) link.flights++;
      isUp = true;
      if (link.flights >= limit) held.push(far.pause());
      if (!far.write(chunk)) near.pause();
    });
    far.on('data', (chunk: Buffer) => {
      link.down += chunk.length;
      isUp = false;
      if (!near.write(chunk)) far.pause();
    });
    far.on('drain', () => near.resume());
    near.on('drain', () => link.flights < limit && far.resume());
    near.on('end', () => far.end()).on('close', () => far.destroySoon());
    far.on('end', () => near.end()).on('close', () => near.destroySoon());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const link: MeteredLink = {
    port: (server.address() as AddressInfo).port,
    up: 0,
    down: 0,
    flights: 0,
    holdAfter(flights) {
      limit = flights;
    },
    release() {
      limit = Infinity;
      for (const socket of held) socket.resume();
      held = [];
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return link;
}
