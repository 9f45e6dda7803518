/**
 * Applications that reset or end with bytes under way, at either end of a session: what goes on
 * record, and what the application at the other end sees. They run in a process of their own, so
 * that a reset meets the reader at any moment.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { startSessionProxy } from '../../cli/connect/listener/session-proxy';
import type { ClosedConnection } from '../../services/worker/sessions/types';
import { dial, endpoint, ending } from '../harness/endpoints';
import { startSessionWorker } from '../harness/session-worker';
import { waitFor } from '../harness/wait';

export type Side = 'client' | 'endpoint';
/** 'late reset': of an application that goes on sending after the other one has ended. */
export type How = 'reset' | 'late reset' | 'end';
type Request = { how: How; count: number; port?: number };

/** What an application that ends has sent. */
export const WHOLE_BYTES = 1 << 20;
/** Applications that run at the same time. */
const PARALLEL = 8;
const BLOCK = Buffer.alloc(50_000, 7);

export interface Outcomes {
  closed: ClosedConnection[];
  /** What the applications at the other end have seen: 'fin', or the code of an error. */
  seen: string[];
}

/** `count` connections of one session, which the applications at `side` leave as `how` says. */
export async function leave(side: Side, how: How, count: number): Promise<Outcomes> {
  const worker = await startSessionWorker();
  const there = await Applications.start();
  const seen: string[] = [];
  const here = await endpoint((socket) => void witness(socket, how).then((end) => seen.push(end)));
  try {
    const port = side === 'client' ? here.port : await there.listen(how);
    const { token } = worker.session({ host: '127.0.0.1', port });
    const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 });
    if (side === 'client') there.dial(proxy.port, how, count);
    else await inParallel(count, async () => seen.push(await witness(await dial(proxy.port), how)));
    const { closed } = worker.controller;
    await waitFor(`${count} closes`, () => closed.length >= count && seen.length >= count, {
      timeoutMs: 300_000,
      status: () => `${closed.length} on record, ${seen.length} seen`,
    });
    await proxy.close();
    return { closed, seen };
  } finally {
    there.stop();
    await here.close();
    await worker.close();
  }
}

/**
 * What Node itself says of `count` sockets whose peers leave as `how` says: the events, by name.
 */
export async function asNodeTells(how: How, count: number): Promise<Record<string, number>> {
  const told: Record<string, number> = {};
  const there = await Applications.start();
  const here = await endpoint((socket) => {
    greet(socket, how);
    let isTold = false;
    const tell = (event: string): void => {
      if (!isTold) told[event] = (told[event] ?? 0) + 1;
      isTold = true;
      socket.destroy();
    };
    socket.on('end', () => tell('end')).on('error', () => tell('error'));
  });
  try {
    there.dial(here.port, how, count);
    const sum = (): number => Object.values(told).reduce((all, some) => all + some, 0);
    await waitFor(`${count} ends`, () => sum() >= count, { timeoutMs: 300_000 });
    return told;
  } finally {
    there.stop();
    await here.close();
  }
}

/** The application that stays: greets, reads all, ends when the other one has. */
async function witness(socket: Socket, how: How): Promise<string> {
  greet(socket, how);
  const end = await ending(socket);
  socket.end();
  return end;
}

/** The first byte says that the connection is there; a late reset waits for the end behind it. */
function greet(socket: Socket, how: How): void {
  socket.resume().write('x');
  if (how === 'late reset') socket.end();
}

async function inParallel(count: number, run: () => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
}

/** The process of the applications that leave. */
class Applications {
  private constructor(private readonly child: ChildProcess) {}

  static async start(): Promise<Applications> {
    const child = fork(__filename, { execArgv: ['-r', 'esbuild-register'], cwd: `${__dirname}/../..` });
    await once(child, 'message');
    return new Applications(child);
  }

  async listen(how: How): Promise<number> {
    this.send({ how, count: 0 });
    const [port] = (await once(this.child, 'message')) as [number];
    return port;
  }

  dial(port: number, how: How, count: number): void {
    this.send({ how, count, port });
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  private send(request: Request): void {
    this.child.send(request);
  }
}

function serveRequests(): void {
  process.on('message', ({ how, count, port }: Request) => {
    if (port !== undefined) return void inParallel(count, () => application(connect(to(port)), how));
    const server = createServer({ allowHalfOpen: true }, (socket) => void application(socket, how));
    server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
  });
  process.send!('ready');
}

const to = (port: number) => ({ port, host: '127.0.0.1', allowHalfOpen: true });

/** Waits for the greeting, or for the end behind it, sends, and leaves. */
async function application(socket: Socket, how: How): Promise<void> {
  const gone = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined).resume();
  socket.once(how === 'late reset' ? 'end' : 'data', () => {
    if (how === 'end') return socket.end(Buffer.alloc(WHOLE_BYTES, 7));
    const more = (): void => {
      while (!socket.destroyed && socket.write(BLOCK));
    };
    socket.on('drain', more);
    more();
    setTimeout(() => socket.resetAndDestroy(), Math.random() * 8);
  });
  await gone;
}

if (require.main === module) serveRequests();
