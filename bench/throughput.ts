/**
 * Throughput, CPU per byte and connect latency of a session against plain TCP, in one run and as
 * ratios. Client proxy and worker are processes of their own, as in use; only the controller is
 * left out. Run: npm run bench
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { startSessionProxy } from '../cli/proxy/session-proxy';
import { startSessionWorker } from '../test/harness/session-worker';
import { noArguments } from '../test/harness/selection';

const BLOCK_BYTES = 64 * 1024;
const SIZE_BYTES = Number(process.env.BENCH_MIB ?? 2048) * 1024 * 1024;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const LATENCY_SAMPLES = 200;
const WARM_UP_BYTES = 128 * 1024 * 1024;

type Role = 'worker' | 'client';
interface Ready {
  port: number;
  token?: string;
}

async function main(): Promise<void> {
  const role = process.argv[2] as Role | undefined;
  if (role === 'worker') return runWorker(Number(process.argv[3]));
  if (role === 'client') return runClient(process.argv[3]!);
  noArguments();
  const endpoint = await startEndpoint();
  const worker = await startChild('worker', String(endpoint));
  const client = await startChild('client', worker.ready.token!);
  try {
    await measure(endpoint, client.ready.port, [client.child, worker.child]);
  } finally {
    client.child.disconnect();
    worker.child.disconnect();
    process.exitCode = 0;
    setImmediate(() => process.exit());
  }
}

async function measure(plain: number, session: number, processes: ChildProcess[]): Promise<void> {
  await transfer(session, 'up', WARM_UP_BYTES);
  await transfer(session, 'down', WARM_UP_BYTES);
  for (const direction of ['up', 'down'] as const) {
    const rates: Record<'plain' | 'session', number[]> = { plain: [], session: [] };
    const cpu: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rates.plain.push(await transfer(plain, direction, SIZE_BYTES));
      const before = await Promise.all(processes.map(cpuSeconds));
      rates.session.push(await transfer(session, direction, SIZE_BYTES));
      const after = await Promise.all(processes.map(cpuSeconds));
      cpu.push(after.map((seconds, i) => ((seconds - before[i]!) / SIZE_BYTES) * 1e9));
    }
    const [plainRate, sessionRate] = [median(rates.plain), median(rates.session)];
    const [clientCpu, workerCpu] = [0, 1].map((i) => median(cpu.map((sample) => sample[i]!)));
    console.log(
      `${direction}: plain ${gb(plainRate)} GB/s, session ${gb(sessionRate)} GB/s, ratio ${(sessionRate / plainRate).toFixed(3)}; ` +
        `CPU s/GB client ${clientCpu!.toFixed(2)} + worker ${workerCpu!.toFixed(2)}`,
    );
  }
  const [direct, through] = [await firstBytes(plain), await firstBytes(session)];
  console.log(
    `first byte, server speaks first: plain median ${ms(median(direct))} ms, session median ${ms(median(through))} ms, ` +
      `p95 ${ms(percentile(through, 0.95))} ms`,
  );
}

/**
 * The first byte that a client sends says what the endpoint does: u = swallow, d = send, l = greet.
 */
async function startEndpoint(): Promise<number> {
  const block = Buffer.alloc(BLOCK_BYTES, 7);
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.write('!');
    socket.once('data', (first: Buffer) => {
      if (first[0] === 0x64) void send(socket, block, first.readDoubleBE(1)).then(() => socket.end());
      else swallow(socket, first.readDoubleBE(1) - (first.length - 9), () => socket.end('.'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function transfer(port: number, direction: 'up' | 'down', size: number): Promise<number> {
  const socket = await dial(port);
  const order = Buffer.alloc(9);
  order[0] = direction === 'up' ? 0x75 : 0x64;
  order.writeDoubleBE(size, 1);
  const started = process.hrtime.bigint();
  socket.write(order);
  const done = new Promise<void>((resolve) => socket.once('end', resolve));
  socket.resume();
  if (direction === 'up') await send(socket, Buffer.alloc(BLOCK_BYTES, 7), size);
  await done;
  socket.destroy();
  return size / (Number(process.hrtime.bigint() - started) / 1e9);
}

async function firstBytes(port: number): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < LATENCY_SAMPLES; i++) {
    const started = process.hrtime.bigint();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve) => socket.once('data', resolve));
    samples.push(Number(process.hrtime.bigint() - started) / 1e9);
    socket.destroy();
  }
  return samples;
}

/** Connected, the greeting read. */
async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

async function send(socket: Socket, block: Buffer, size: number): Promise<void> {
  for (let left = size; left > 0; left -= block.length) {
    if (!socket.write(block)) await new Promise((resolve) => socket.once('drain', resolve));
  }
}

function swallow(socket: Socket, size: number, done: () => void): void {
  let left = size;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left <= 0) done();
  });
}

async function runWorker(endpointPort: number): Promise<void> {
  const worker = await startSessionWorker();
  const { token } = worker.session({ host: '127.0.0.1', port: endpointPort });
  serveParent({ port: worker.address.port, token });
}

async function runClient(token: string): Promise<void> {
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 });
  serveParent({ port: proxy.port });
}

function serveParent(ready: Ready): void {
  process.send!(ready);
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send!((user + system) / 1e6);
  });
  process.on('disconnect', () => process.exit());
}

async function startChild(role: Role, argument: string): Promise<{ child: ChildProcess; ready: Ready }> {
  const child = fork(__filename, [role, argument], {
    execArgv: [
      ...process.execArgv,
      ...(process.env.BENCH_PROF ? ['--cpu-prof', '--cpu-prof-dir=' + process.env.BENCH_PROF] : []),
    ],
  });
  const ready = await new Promise<Ready>((resolve) => child.once('message', (message) => resolve(message as Ready)));
  return { child, ready };
}

const cpuSeconds = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.once('message', (seconds) => resolve(seconds as number));
    child.send('cpu');
  });

const percentile = (samples: number[], share: number): number =>
  [...samples].sort((a, b) => a - b)[Math.min(samples.length - 1, Math.floor(samples.length * share))]!;
const median = (samples: number[]): number => percentile(samples, 0.5);
const gb = (rate: number): string => (rate / 1e9).toFixed(2);
const ms = (seconds: number): string => (seconds * 1e3).toFixed(2);

void main();
