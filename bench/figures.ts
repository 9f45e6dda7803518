/**
 * The figures of bench/README.md that need a whole deployment: API latencies, connect, first bytes,
 * cancel, close, CLI start. Starts dev mode on free ports. Run: npm run bench:figures
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { startSessionProxy, type SessionProxy } from '../cli/connect/listener/session-proxy';
import { Api } from '../test/harness/api';
import { SALLYPORT, startDev, type Dev } from '../test/harness/dev';
import { noArguments } from '../test/harness/selection';

const API_SAMPLES = 200;
const SESSION_SAMPLES = 20;
const START_SAMPLES = 15;

async function main(): Promise<void> {
  noArguments();
  const dev = await startDev();
  const endpoint = createServer((socket) => socket.on('error', () => undefined).write('!')).listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  try {
    const api = new Api(dev.apiAddress);
    await api.login('ampw_1234567890', 'admin', 'password');
    const { port } = endpoint.address() as AddressInfo;
    const target: { id: string } = await api.target('p_1234567890', port);
    await apiFigures(api, target.id);
    await sessionFigures(api, target.id);
    await startFigures(api, target.id, dev);
  } finally {
    endpoint.close();
    await dev.stop();
  }
}

async function apiFigures(api: Api, targetId: string): Promise<void> {
  for (let i = 0; i < API_SAMPLES; i++) await api.ok('GET', `/v1/targets/${targetId}`);
  await report('read one target', API_SAMPLES, () => api.ok('GET', `/v1/targets/${targetId}`));
  await report('authorize-session', API_SAMPLES, () => api.authorize(targetId));
}

async function sessionFigures(api: Api, targetId: string): Promise<void> {
  const first: number[] = [];
  const later: number[] = [];
  const cut: number[] = [];
  const visible: number[] = [];
  for (let i = 0; i < SESSION_SAMPLES; i++) {
    const { proxy, sessionId } = await open(api, targetId);
    const one = await greeted(proxy.port, first);
    one.end();
    const closing = process.hrtime.bigint();
    while ((await connections(api, sessionId)).some((connection) => !connection.closed_reason));
    visible.push(since(closing));
    const two = await greeted(proxy.port, later);
    const gone = new Promise<bigint>((resolve) => two.once('close', () => resolve(process.hrtime.bigint())));
    await api.ok('POST', `/v1/sessions/${sessionId}:cancel`, { version: (await api.session(sessionId)).version });
    const answered = process.hrtime.bigint();
    cut.push(Math.max(0, Number((await gone) - answered) / 1e6));
    await proxy.close();
  }
  show('first byte of a first connection', first);
  show('first byte of a later connection', later);
  show('close of a connection to its row being visible', visible);
  show('cancel answered to connection cut', cut);
}

async function startFigures(api: Api, targetId: string, dev: Dev): Promise<void> {
  const run = async (command: string, args: string[]): Promise<void> => {
    await once(spawn(command, args, { stdio: 'ignore' }), 'close');
  };
  await report('node -e 0, for comparison', START_SAMPLES, () => run(process.execPath, ['-e', '0']));
  await report('CLI version', START_SAMPLES, () => run(SALLYPORT, ['version']));
  const samples: number[] = [];
  for (let i = 0; i < START_SAMPLES; i++) {
    const { authorization_token: token } = await api.authorize(targetId);
    const started = process.hrtime.bigint();
    const live = dev.cliLive(['connect', '-authz-token', '-', '-format', 'json']);
    live.child.stdin!.end(token);
    await live.output(/"port":\d+/);
    samples.push(since(started));
    await live.stop('SIGTERM');
  }
  show('connect start to listening', samples);
}

async function open(api: Api, targetId: string): Promise<{ proxy: SessionProxy; sessionId: string }> {
  const { authorization_token: token, session_id: sessionId } = await api.authorize(targetId);
  return { proxy: await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 }), sessionId };
}

/** A connection whose greeting was read; the time until then goes to `samples`. */
async function greeted(port: number, samples: number[]): Promise<Socket> {
  const started = process.hrtime.bigint();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).on('error', () => undefined);
  await once(socket, 'data');
  samples.push(since(started));
  return socket;
}

async function connections(api: Api, sessionId: string): Promise<{ closed_reason?: string }[]> {
  const session = (await api.session(sessionId)) as { connections?: { closed_reason?: string }[] };
  return session.connections ?? [];
}

async function report(name: string, count: number, work: () => Promise<unknown>): Promise<void> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = process.hrtime.bigint();
    await work();
    samples.push(since(started));
  }
  show(name, samples);
}

const since = (started: bigint): number => Number(process.hrtime.bigint() - started) / 1e6;

function show(name: string, samples: number[]): void {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
  console.log(`${name}: median ${at(0.5)} ms, min ${at(0)} ms, max ${at(1)} ms (${samples.length})`);
}

void main();
