/**
 * The client's end of a session: warnings, ends and what the records say of them, and whatever
 * local programs do.
 */
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { duplexPair } from 'node:stream';
import { EXIT } from '../../cli/io/errors';
import { exitStatus } from '../../cli/connect/exit-status';
import { encodeAuthorizationToken, decodeAuthorizationToken } from '../../lib/transport/authorization-token';
import { whyOver } from '../../cli/connect/listener/session-check';
import { startSessionProxy, type ProxyEnd } from '../../cli/connect/listener/session-proxy';
import { dial, echo, gone, readAll } from '../harness/endpoints';
import { cleanUp, cleanups, closes, setUp } from '../harness/session-setup';
import { Link } from '../harness/link';
import { newGrant, tokenOf } from '../harness/session-worker';
import { waitFor } from '../harness/wait';
import { clockOff } from '../../lib/clock/test-clock.fixture';

afterEach(cleanUp);

/** Sends without end. */
function flood(socket: Socket): void {
  const block = Buffer.alloc(16 * 1024);
  const more = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', more);
  more();
}

async function flowing(port: number): Promise<Socket> {
  const socket = await dial(port);
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await waitFor('bytes', () => bytes > 100_000);
  return socket;
}

describe('expiry', () => {
  test('is announced, cuts what flows with its true cause, and ends the proxy', async () => {
    const { worker, proxy, warnings } = await setUp(flood, { expiresInMs: 1_500 });
    const allowed = { refused: '', text: '', connectionsLeft: -1, expiresInMs: 1_500 };
    worker.controller.authorize = () => Promise.resolve(allowed);
    const socket = await flowing(proxy.port);
    await waitFor('the warning', () => warnings.length > 0);
    expect(warnings).toEqual([
      'The session expires in 1 second; then its connections are cut and the listener closes.',
    ]);
    expect(socket.destroyed).toBe(false);
    const end = await proxy.done;
    expect(end).toMatchObject({ reason: 'Session has expired', serverSide: true, cause: 'expired' });
    expect(exitStatus(end)).toBe(EXIT.refused);
    expect(await gone(socket)).toBe(true);
    expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'policy', cause: 'expired' });
  });

  test.each([-600_000, 600_000])('a client whose clock is off by %d ms neither ends early nor late', async (off) => {
    const { worker, target } = await setUp(echo);
    const grant = newGrant({ host: '127.0.0.1', port: target.port }, { expiresInMs: 1_500 });
    worker.registry.put(grant);
    const options = { listenAddress: '127.0.0.1', listenPort: 0, clock: clockOff(off) };
    const proxy = await startSessionProxy({ token: tokenOf(grant, [worker.address]), ...options });
    cleanups.push(() => proxy.close());
    const socket = await dial(proxy.port);
    socket.write('x');
    await new Promise((resolve) => socket.once('data', resolve));
    expect(await proxy.done).toMatchObject({ reason: 'Session has expired', cause: 'expired' });
    await waitFor('the true cause', () => worker.controller.closed[0]?.cause === 'expired');
  });
});

test('close() ends the session as its client, while bytes flow', async () => {
  const { worker, proxy, warnings } = await setUp(flood);
  const socket = await flowing(proxy.port);
  await proxy.close();
  expect(await gone(socket)).toBe(true);
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'client', cause: 'fin' });
  expect(worker.controller.ended).toHaveLength(1);
  expect(warnings).toEqual([]);
});

test('an endpoint that no longer answers is lost', async () => {
  const { worker, proxy, target } = await setUp(echo);
  const socket = await dial(proxy.port);
  socket.write('x');
  await new Promise((resolve) => socket.once('data', resolve));
  // What the kernel does to the worker's socket once retransmissions have failed for minutes.
  const sockets = (process as unknown as { _getActiveHandles(): object[] })._getActiveHandles() as Socket[];
  const toEndpoint = sockets.find((one) => one.remotePort === target.port)!;
  toEndpoint.destroy(Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' }));
  await gone(socket);
  const lost = { closedBy: 'endpoint', cause: 'endpoint lost', error: 'ETIMEDOUT' };
  expect((await closes(worker, 1))[0]).toMatchObject(lost);
});

test('a failed dial resets its connection and leaves the listener; the endpoint may come back', async () => {
  const { worker, proxy, target, warnings } = await setUp(echo);
  await target.close();
  expect(await gone(await dial(proxy.port))).toBe(true);
  await waitFor('the warning', () => warnings.length > 0);
  expect(warnings[0]).toContain('refused the connection');
  const again = createServer(echo);
  await new Promise<void>((resolve) => again.listen(target.port, '127.0.0.1', resolve));
  cleanups.push(async () => void (await new Promise((resolve) => again.close(resolve))));
  const socket = await dial(proxy.port);
  socket.end('x');
  expect((await readAll(socket)).toString()).toBe('x');
  const [failed, served] = await closes(worker, 2);
  expect([failed, served]).toMatchObject([{ cause: 'dial refused', dialFailed: true }, { cause: 'fin' }]);
});

test('N of M used is told after each connection, and the limit is named when there is none left', async () => {
  const counts: [number, number][] = [];
  const more = { onConnectionsLeft: (left: number, limit: number) => void counts.push([left, limit]) };
  const { worker, target } = await setUp(echo);
  const grant = newGrant({ host: '127.0.0.1', port: target.port }, { connectionLimit: 2 });
  worker.registry.put(grant);
  let made = 0;
  worker.controller.authorize = () =>
    Promise.resolve({ refused: '', text: '', connectionsLeft: 2 - ++made, expiresInMs: 3_600_000 });
  const listen = { listenAddress: '127.0.0.1', listenPort: 0 };
  const proxy = await startSessionProxy({ token: tokenOf(grant, [worker.address]), ...listen, ...more });
  cleanups.push(() => proxy.close());
  for (let i = 0; i < 2; i++) {
    const socket = await dial(proxy.port);
    socket.end('x');
    await readAll(socket);
  }
  const end = await proxy.done;
  expect(end).toMatchObject({ reason: 'No connections left in session', serverSide: false });
  expect(exitStatus(end)).toBe(EXIT.ok);
  expect(counts).toEqual([
    [1, 2],
    [0, 2],
  ]);
});

test('the concurrent limit refuses one connection by its name, and the listener stays', async () => {
  const { worker, proxy, warnings } = await setUp(echo);
  const { authorize } = worker.controller;
  const refused = { refused: 'concurrent connection limit', text: '', connectionsLeft: -1, expiresInMs: 0 };
  worker.controller.authorize = () => Promise.resolve(refused);
  expect(await gone(await dial(proxy.port))).toBe(true);
  await waitFor('the warning', () => warnings.length > 0);
  expect(warnings[0]).toContain('as many open connections as it may have');
  worker.controller.authorize = authorize;
  const socket = await dial(proxy.port);
  socket.end('x');
  expect((await readAll(socket)).toString()).toBe('x');
});

test('500 connections in a row, of every kind, leave exact rows and nothing behind', async () => {
  const { worker, proxy, target } = await setUp((socket) => {
    // By turns the server speaks first and the client does.
    socket.once('data', (first) => socket.end(first));
    socket.write('hello');
    socket.on('end', () => socket.end());
  });
  const total = 500;
  const kinds = [
    // Closes at once.
    (socket: Socket) => socket.end(),
    (socket: Socket) => socket.resetAndDestroy(),
    (socket: Socket) => socket.destroy(),
    // The client speaks first and wants its answer.
    async (socket: Socket) => {
      socket.write('ping');
      expect((await readAll(socket)).toString()).toBe('helloping');
      socket.end();
    },
    // The server does.
    async (socket: Socket) => {
      await new Promise((resolve) => socket.once('data', resolve));
      socket.end();
    },
  ];
  const eight = Array.from({ length: 8 }, async (_, lane) => {
    for (let i = lane; i < total; i += 8) {
      const socket = await dial(proxy.port);
      await kinds[i % kinds.length]!(socket);
      socket.resume();
      await gone(socket);
    }
  });
  await Promise.all(eight);
  await waitFor(
    'every connection to be over',
    () => worker.registry.connectionCount() === 0 && target.sockets.size === 0,
  );
  const { closed, authorized } = worker.controller;
  // A connection that ended before the worker was asked for it leaves no row.
  expect(closed.length).toBe(authorized.length);
  expect(new Set(closed.map((one) => one.connectionId)).size).toBe(closed.length);
  expect(closed.length).toBeGreaterThanOrEqual((total * 2) / kinds.length);
  expect(
    [...new Set(closed.map((one) => one.cause))].filter((cause) => !['fin', 'rst', 'client lost'].includes(cause)),
  ).toEqual([]);
  const socket = await dial(proxy.port);
  socket.write('x');
  expect((await readAll(socket)).toString()).toBe('hellox');
}, 60_000);

test('a token that looks expired by the clock of this machine is tried all the same', async () => {
  const { worker, target } = await setUp(echo);
  const grant = newGrant({ host: '127.0.0.1', port: target.port });
  worker.registry.put(grant);
  const data = decodeAuthorizationToken(tokenOf(grant, [worker.address]));
  const past = (ms: number): Date => new Date(Date.now() - ms);
  const token = encodeAuthorizationToken({ ...data, created_time: past(7_200_000), expiration: past(1_000) });
  const warnings: string[] = [];
  const onWarning = (text: string) => void warnings.push(text);
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0, onWarning });
  cleanups.push(() => proxy.close());
  expect(warnings[0]).toContain('has expired already');
  const socket = await dial(proxy.port);
  socket.end('x');
  expect((await readAll(socket)).toString()).toBe('x');
});

test('a token is looked at by its worker, whatever the clock of this machine says', async () => {
  const { worker, target, sessionId, token } = await setUp(echo);
  const data = decodeAuthorizationToken(token);
  const old = encodeAuthorizationToken({ ...data, expiration: new Date(Date.now() - 600_000) });
  expect(await whyOver(old)).toBeUndefined();
  worker.registry.end(sessionId, { closedBy: 'policy', cause: 'expired' });
  expect(await whyOver(old)).toBe('The session has expired.');
  const gone = newGrant({ host: '127.0.0.1', port: target.port });
  const known = decodeAuthorizationToken(tokenOf(gone, [worker.address]));
  expect(await whyOver(encodeAuthorizationToken(known))).toBe('The session has ended.');
  expect(await whyOver(encodeAuthorizationToken({ ...known, expiration: data.created_time }))).toBe(
    'The session has expired.',
  );
});

/**
 * How the proxy of standard streams ends when, after the first bytes, something breaks its endpoint
 * or its way to the worker.
 */
async function streamsEnd(breakIt: (endpoint: Socket, door: Link) => void): Promise<ProxyEnd> {
  let endpoint: Socket | undefined;
  const { worker, sessionId } = await setUp(
    (socket) => void (endpoint = socket.on('error', () => undefined)).write('x'),
  );
  const door = await Link.open(worker.address.port);
  cleanups.push(() => door.close());
  const { grant } = (await worker.registry.get(sessionId))!;
  const token = tokenOf(grant, [{ host: '127.0.0.1', port: door.port }]);
  const [stream, other] = duplexPair();
  other.once('data', () => breakIt(endpoint!, door));
  const local = Object.assign(stream, { resetAndDestroy: () => stream.destroy() });
  const proxy = await startSessionProxy({ token, listenAddress: '', listenPort: 0, stream: local });
  const ended = await proxy.done;
  await proxy.close();
  other.destroy();
  return ended;
}

test('standard streams end with the cause of a reset by the endpoint', async () => {
  const end = await streamsEnd((endpoint) => void endpoint.resetAndDestroy());
  expect(end).toMatchObject({ serverSide: true, cause: 'rst' });
  expect(end.reason).toContain('endpoint reset the connection');
  expect(exitStatus(end)).toBe(EXIT.refused);
});

test('standard streams end with the loss of their worker, which is not a worker that was never reached', async () => {
  const end = await streamsEnd((_, door) => door.cut());
  expect(end).toMatchObject({ serverSide: true, cause: 'worker lost' });
  expect(end.reason).toContain('The connection to the worker was lost');
  expect(exitStatus(end)).toBe(EXIT.refused);
});

test('no worker to be reached is a failure of this side', async () => {
  const grant = newGrant({ host: '127.0.0.1', port: 1 });
  const token = tokenOf(grant, [{ host: '127.0.0.1', port: 1 }]);
  const [stream, other] = duplexPair();
  const local = Object.assign(stream, { resetAndDestroy: () => stream.destroy() });
  const proxy = await startSessionProxy({ token, listenAddress: '', listenPort: 0, stream: local });
  const end = await proxy.done;
  expect(end).toMatchObject({ serverSide: true, cause: 'worker unreachable' });
  expect(end.reason).toContain('worker 127.0.0.1:1: connection refused');
  expect(exitStatus(end)).toBe(EXIT.local);
  await proxy.close();
  other.destroy();
});
