/**
 * From the answer to a cancel until the last byte was delivered, to the endpoint or to the client,
 * and until both have seen the cut; with many live connections of other sessions on the same
 * worker. Starts dev mode on free ports. Run: npm run bench:cancel. BENCH_LIVE (1000) is the number
 * of live connections, BENCH_SAMPLES (100) that of cancels.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { startSessionProxy } from '../cli/connect/listener/session-proxy';
import { Api } from '../test/harness/api';
import { startDev } from '../test/harness/dev';
import { noArguments } from '../test/harness/selection';

const LIVE = Number(process.env['BENCH_LIVE'] ?? 1_000);
const SAMPLES = Number(process.env['BENCH_SAMPLES'] ?? 100);
const CONNECTIONS_OF_A_SESSION = 100;
/** What flows both ways on the connection that is cut. */
const CHUNK = Buffer.alloc(1_024, 1);
const CHUNK_EVERY_MS = 1;
/** Bytes of both directions that show that it flows. */
const FLOWING = 20 * CHUNK.length;

async function main(): Promise<void> {
  noArguments();
  const dev = await startDev();
  const closing: (() => unknown)[] = [() => dev.stop()];
  try {
    const api = new Api(dev.apiAddress);
    await api.login('ampw_1234567890', 'admin', 'password');
    const echo = await serve((socket) => socket.pipe(socket));
    closing.unshift(() => echo.close());
    const load = await startLoad(api, echo);
    closing.unshift(() => load.kill());
    await measure(api);
    await baselines(api);
  } finally {
    for (const close of closing) await close();
  }
}

/** Opens the live connections in a process of their own. */
async function startLoad(api: Api, echo: Server): Promise<ChildProcess> {
  const target = await api.target('p_1234567890', portOf(echo), { session_connection_limit: -1 });
  const sessions = Math.ceil(LIVE / CONNECTIONS_OF_A_SESSION);
  const tokens: string[] = [];
  for (let i = 0; i < sessions; i++) tokens.push((await api.authorize(target.id)).authorization_token);
  const child = fork(join(__dirname, 'cancel-load.ts'), { execArgv: ['-r', 'esbuild-register'] });
  child.send({ tokens, connections: Math.min(LIVE, CONNECTIONS_OF_A_SESSION) });
  const [count] = (await once(child, 'message')) as [number];
  console.log(`${count} live connections on the worker, each with a message and its echo a second`);
  return child;
}

interface Sample {
  lastByte: number;
  cut: number;
}

async function measure(api: Api): Promise<void> {
  const accepted: ((socket: Socket) => void)[] = [];
  const server = await serve((socket) => accepted.shift()?.(socket));
  const target = await api.target('p_1234567890', portOf(server), { session_connection_limit: -1 });
  const samples: Sample[] = [];
  for (let i = 0; i < SAMPLES; i++) samples.push(await cancelOnce(api, target.id, accepted));
  server.close();
  show(
    'cancel answered to last byte delivered',
    samples.map((sample) => sample.lastByte),
  );
  show(
    'cancel answered to both ends cut',
    samples.map((sample) => sample.cut),
  );
}

async function cancelOnce(api: Api, targetId: string, accepted: ((socket: Socket) => void)[]): Promise<Sample> {
  const { authorization_token: token, session_id: id } = await api.authorize(targetId);
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 });
  const atEndpoint = new Promise<Socket>((resolve) => accepted.push(resolve));
  const ends = [watch(connect({ port: proxy.port, host: '127.0.0.1', noDelay: true })), watch(await atEndpoint)];
  while (ends.some((end) => end.bytes < FLOWING)) await pause();
  const { version } = (await api.session(id)) as { version: number };
  await api.ok('POST', `/v1/sessions/${id}:cancel`, { version });
  const answered = process.hrtime.bigint();
  await Promise.all(ends.map((end) => end.closed));
  const cut = process.hrtime.bigint();
  const last = ends.reduce((latest, end) => (end.last > latest ? end.last : latest), 0n);
  await proxy.close();
  // What was over before the answer came took no time after it.
  return { lastByte: Math.max(0, Number(last - answered) / 1e6), cut: Math.max(0, Number(cut - answered) / 1e6) };
}

interface End {
  bytes: number;
  last: bigint;
  closed: Promise<unknown>;
}

/** Sends all the time, and notes when the last byte came. */
function watch(socket: Socket): End {
  const end: End = { bytes: 0, last: 0n, closed: closed(socket) };
  const timer = setInterval(() => socket.write(CHUNK), CHUNK_EVERY_MS);
  socket.on('error', () => undefined).once('close', () => clearInterval(timer));
  socket.on('data', (chunk: Buffer) => {
    end.bytes += chunk.length;
    end.last = process.hrtime.bigint();
  });
  return end;
}

/** What the same machine does without a session: a request, and a plain connection that is cut. */
async function baselines(api: Api): Promise<void> {
  const requests: number[] = [];
  const cuts: number[] = [];
  const accepted: ((socket: Socket) => void)[] = [];
  const server = await serve((socket) => accepted.shift()?.(socket.on('error', () => undefined)));
  for (let i = 0; i < SAMPLES; i++) {
    requests.push(await timed(() => api.ok('GET', '/v1/scopes/global')));
    const peer = new Promise<Socket>((resolve) => accepted.push(resolve));
    const socket = connect({ port: portOf(server), host: '127.0.0.1' }).on('error', () => undefined);
    await once(socket, 'connect');
    const other = await peer;
    cuts.push(
      await timed(() => {
        const gone = closed(socket);
        other.resetAndDestroy();
        return gone;
      }),
    );
  }
  server.close();
  show('baseline: one API request', requests);
  show('baseline: plain loopback connection cut', cuts);
  console.log(
    'Boundary 0.21 on another 2-core machine (quoted, not measured here): cancel to cut, median 1165 ms, max 1624 ms',
  );
}

/** Unlike `once`, an error on the way does not matter. */
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - started) / 1e6;
}

async function serve(handle: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, (socket) => handle(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, CHUNK_EVERY_MS));

function show(name: string, samples: number[]): void {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
  console.log(
    `${name}: median ${at(0.5)} ms, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(1)} (${samples.length} samples)`,
  );
}

void main();
