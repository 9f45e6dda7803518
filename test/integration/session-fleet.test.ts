/**
 * Sessions in deployments of several controllers and workers: limits among them, clocks that
 * differ, controllers away.
 */
import type { TLSSocket } from 'node:tls';
import { WorkerDialer } from '../../cli/connect/listener/worker-dialer';
import { systemClock } from '../../lib/clock/clock';
import { decodeAuthorizationToken } from '../../lib/transport/authorization-token';
import { encodeFrame, FrameDecoder, FrameType } from '../../lib/transport/frames';
import { Connect, ConnectError } from '../../proto/gen/transport/transport';
import { sql } from '../../services/controller/db/db';
import { DEV } from '../harness/controller';
import { dial, echo, endpoint, gone, type Endpoint } from '../harness/endpoints';
import { proxyOf, startFleet, type Fleet, type FleetOptions } from '../harness/fleet';
import { clockOff } from '../../lib/clock/test-clock.fixture';
import { newTofuToken } from '../harness/session-worker';
import { waitFor } from '../harness/wait';

interface Part {
  fleet: Fleet;
  server: Endpoint;
}
const running: Part[] = [];

async function start(options: FleetOptions): Promise<Part> {
  const part = { fleet: await startFleet(options), server: await endpoint(echo) };
  running.push(part);
  return part;
}
afterEach(async () => {
  for (const { fleet, server } of running.splice(0)) {
    await server.close();
    await fleet.stop();
  }
});

async function authorize(
  { fleet, server }: Part,
  more: Record<string, unknown> = {},
): Promise<{ sessionId: string; token: string }> {
  const { id } = await fleet.api.target(DEV.project, server.port, more);
  const { session_id, authorization_token } = await fleet.api.authorize(id);
  return { sessionId: session_id, token: authorization_token };
}

/** A transport to one worker of the session. */
async function transport(token: string, workerAddress: string): Promise<TLSSocket> {
  const data = decodeAuthorizationToken(token);
  const dialer = new WorkerDialer({ ...data, worker_info: [{ address: workerAddress }] });
  return (await dialer.dial(new AbortController().signal)).socket;
}

/** Asks for a connection; answers "ok" or why there is none. */
function ask(socket: TLSSocket, tofu_token: string): Promise<string> {
  const answer = new Promise<string>((resolve) => {
    const control = (type: FrameType, payload: Buffer): void => {
      if (type === FrameType.connectOk) resolve('ok');
      if (type === FrameType.connectErr) resolve(ConnectError.decode(payload).cause);
    };
    const decoder = new FrameDecoder({ data() {}, control });
    socket.on('data', (chunk: Buffer) => decoder.push(chunk));
  });
  socket.write(encodeFrame(FrameType.connect, Connect.encode({ tofu_token }).finish()));
  return answer;
}

/** Handshakes at once: more only wait for the processor. */
const HANDSHAKES = 20;

test('100 dials at once through two workers of two controllers: exactly as many as each limit allows', async () => {
  const part = await start({ controllers: [systemClock, systemClock], workers: [systemClock, systemClock] });
  const { api } = part.fleet;

  /** Asks a hundred times at once, by turns at each worker. */
  async function hundred(target: Record<string, unknown>) {
    const { sessionId, token } = await authorize(part, { session_connection_limit: -1, ...target });
    const workers = decodeAuthorizationToken(token).worker_info.map(({ address }) => address);
    expect(workers).toHaveLength(2);
    const tofu = newTofuToken();
    const sockets: TLSSocket[] = [];
    for (let i = 0; i < 100; i += HANDSHAKES) {
      const some = Array.from({ length: HANDSHAKES }, (_, k) => transport(token, workers[k % 2]!));
      sockets.push(...(await Promise.all(some)));
    }
    const answers = await Promise.all(sockets.map((socket) => ask(socket, tofu)));
    expect(answers.filter((answer) => answer === 'ok')).toHaveLength(10);
    expect((await api.session(sessionId)).connections).toHaveLength(10);
    const leave = () => sockets.forEach((socket) => socket.destroy());
    const again = async () => ask(await transport(token, workers[0]!), tofu);
    return { sessionId, again, leave, refused: new Set(answers.filter((answer) => answer !== 'ok')) };
  }

  const lifetime = await hundred({ session_connection_limit: 10 });
  expect(lifetime.refused).toEqual(new Set(['connection limit']));
  expect(await api.session(lifetime.sessionId)).toMatchObject({ connection_limit: 10, connections_used: 10 });
  lifetime.leave();
  const through = (session: any): boolean => session.termination_reason === 'connection limit';
  await api.sessionWhere(lifetime.sessionId, 'at its limit', through);

  const concurrent = await hundred({ session_concurrent_connection_limit: 10 });
  expect(concurrent.refused).toEqual(new Set(['concurrent connection limit']));
  const shown = { concurrent_connection_limit: 10, connections_open: 10 };
  expect(await api.session(concurrent.sessionId)).toMatchObject(shown);
  concurrent.leave();
  await api.sessionWhere(concurrent.sessionId, 'without open connections', (s) => s.connections_open === 0);
  expect(await concurrent.again()).toBe('ok');
}, 60_000);

describe('clocks that are off by ten minutes', () => {
  const MINUTES = 10 * 60_000;

  test('sessions work, live as long as they should, and end with their true cause', async () => {
    await Promise.all([
      livesItsTime({ controller: MINUTES, worker: -MINUTES, client: 0 }),
      livesItsTime({ controller: -MINUTES, worker: MINUTES, client: 0 }),
      livesItsTime({ controller: 0, worker: -MINUTES, client: MINUTES }),
      livesItsTime({ controller: 0, worker: MINUTES, client: -MINUTES }),
    ]);
  }, 60_000);

  async function livesItsTime(off: { controller: number; worker: number; client: number }): Promise<void> {
    const part = await start({ controllers: [clockOff(off.controller)], workers: [clockOff(off.worker)] });
    const began = Date.now();
    const { sessionId, token } = await authorize(part, { session_max_seconds: 3, session_connection_limit: -1 });
    const proxy = await proxyOf(token, { clock: clockOff(off.client) });
    const socket = await dial(proxy.port);
    socket.write('x');
    await new Promise((resolve) => socket.once('data', resolve));
    expect(await proxy.done).toMatchObject({ reason: 'Session has expired', cause: 'expired' });
    // An end by a wrong clock would come at once, or not within the time of the test.
    expect(Date.now() - began).toBeGreaterThan(2_900);
    await gone(socket);
    const ended = await part.fleet.api.sessionWhere(sessionId, 'terminated', (s) => s.status === 'terminated');
    expect(ended.termination_reason).toBe('timed out');
    const connection = { closed_by: 'policy', cause: 'expired', bytes_up: '1', bytes_down: '1' };
    expect(ended.connections[0]).toMatchObject(connection);
    await proxy.close();
  }
});

test('no controller: connections live on as long as their target allows', async () => {
  const part = await start({});
  const open = async (target: object) => {
    const { sessionId, token } = await authorize(part, { session_connection_limit: -1, ...target });
    const proxy = await proxyOf(token);
    const socket = await dial(proxy.port);
    socket.write('x');
    await new Promise((resolve) => socket.once('data', resolve));
    return { sessionId, proxy, socket };
  };
  const strict = await open({ offline_grace_seconds: 0 });
  const limited = await open({ offline_grace_seconds: 1 });
  const patient = await open({});
  const order: string[] = [];
  const cut = [strict, limited].map(({ socket }, i) => gone(socket).then(() => order.push(['0 s', '1 s'][i]!)));
  await part.fleet.controllers[0]!.close();
  await Promise.all(cut);
  expect(order).toEqual(['0 s', '1 s']);
  patient.socket.write('y');
  await waitFor('the echo', () => patient.socket.bytesRead === 2);
  // Nobody is there who could write the ends; the worker keeps them.
  const unwritten = await sql`select 1 from session_connections where closed_time is null`.execute(
    part.fleet.db.executor,
  );
  expect(unwritten.rows).toHaveLength(3);
  for (const { socket, proxy } of [strict, limited, patient]) {
    socket.destroy();
    // It waits for a worker that can ask a controller, which none can.
    proxy.close().catch(() => undefined);
  }
});
