/**
 * Client proxy and worker proxy together: real sockets, real TLS; only the controllers are a
 * recorder.
 */
import { startSessionProxy } from '../../cli/connect/listener/session-proxy';
import { encodeFrame, FrameType } from '../../lib/transport/frames';
import { KEEPALIVE_MS, MAX_MISSED_PINGS } from '../../lib/transport/transport';
import { Close, ConnectError, End } from '../../proto/gen/transport/transport';
import { ControllerUnreachable, type Authorization } from '../../services/worker/sessions/types';
import { deafPort, dial, echo, ending, gone, hashAll, readAll, writeMany } from '../harness/endpoints';
import { Link } from '../harness/link';
import { local, openProxy, withWorkers } from '../harness/session-pair';
import { answers, cleanUp, cleanups, closes, connectFrame, setUp, transportOf } from '../harness/session-setup';
import { newGrant, newTofuToken, tokenOf } from '../harness/session-worker';
import { TestClock } from '../../lib/clock/test-clock.fixture';
import { waitFor } from '../harness/wait';

afterEach(cleanUp);

const ALLOWED: Authorization = { refused: '', text: '', connectionsLeft: -1, expiresInMs: 3_600_000 };
const refusal = (refused: string): Authorization => ({ refused, text: '', connectionsLeft: -1, expiresInMs: 0 });

test('bytes arrive, are counted exactly, and the close says that the client ended it', async () => {
  const { worker, proxy, sessionId, target } = await setUp(echo);
  const socket = await dial(proxy.port);
  socket.end('hello');
  expect((await readAll(socket)).toString()).toBe('hello');
  const [closed] = await closes(worker, 1);
  expect(closed).toMatchObject({
    sessionId,
    connectionId: expect.stringMatching(/^sc_[0-9A-Za-z]{10}$/) as string,
    bytesUp: 5,
    bytesDown: 5,
    closedBy: 'client',
    cause: 'fin',
    dialFailed: false,
    endpoint: { address: '127.0.0.1', port: target.port },
  });
  expect(closed!.connectLatencyUs).toBeGreaterThan(0);
  expect(closed!.firstByteLatencyUs).toBeGreaterThanOrEqual(closed!.connectLatencyUs!);
  expect(worker.controller.authorized).toMatchObject([{ sessionId, client: { address: '127.0.0.1' } }]);
  expect(worker.registry.connectionCount()).toBe(0);
});

test('32 MiB each way arrive unchanged and are counted to the byte', async () => {
  const size = 32 * 1024 * 1024;
  const received: ReturnType<typeof hashAll>[] = [];
  let sent: Promise<string> | undefined;
  const { worker, proxy } = await setUp((socket) => {
    received.push(hashAll(socket));
    sent = writeMany(socket, size).then((hash) => (socket.end(), hash));
  });
  const socket = await dial(proxy.port);
  const down = hashAll(socket);
  const up = await writeMany(socket, size);
  socket.end();
  expect(await down).toEqual({ sha256: await sent, length: size });
  expect(await received[0]).toEqual({ sha256: up, length: size });
  const [closed] = await closes(worker, 1);
  expect(closed).toMatchObject({ bytesUp: size, bytesDown: size, cause: 'fin' });
});

test('half-close: a client that ends its side still gets the late answer', async () => {
  const { worker, proxy } = await setUp((socket) => {
    void readAll(socket).then((request) => setTimeout(() => socket.end(`got ${request.length}`), 50));
  });
  const socket = await dial(proxy.port);
  socket.end(Buffer.alloc(100_000));
  expect((await readAll(socket)).toString()).toBe('got 100000');
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'client', cause: 'fin', bytesUp: 100_000 });
});

test('half-close: an endpoint that ends its side still gets what the client sends later', async () => {
  let got: Promise<Buffer> | undefined;
  const { worker, proxy } = await setUp((socket) => {
    got = readAll(socket);
    socket.end('first');
  });
  const socket = await dial(proxy.port);
  expect((await readAll(socket)).toString()).toBe('first');
  socket.end('second');
  const [closed] = await closes(worker, 1);
  expect((await got)!.toString()).toBe('second');
  expect(closed).toMatchObject({ closedBy: 'endpoint', cause: 'fin', bytesUp: 6, bytesDown: 5 });
});

test('a reset by the endpoint resets the client', async () => {
  const { worker, proxy } = await setUp((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const socket = await dial(proxy.port);
  socket.write('x');
  await gone(socket);
  expect(socket.errored).toMatchObject({ code: 'ECONNRESET' });
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'endpoint', cause: 'rst', error: 'ECONNRESET' });
});

test('a reset by the client resets the endpoint', async () => {
  const broken: unknown[] = [];
  const { worker, proxy, target } = await setUp((socket) => {
    socket.on('error', (error) => broken.push(error)).resume();
  });
  const socket = await dial(proxy.port);
  socket.write('x');
  await waitFor('the endpoint', () => target.sockets.size > 0);
  socket.resetAndDestroy();
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'client', cause: 'rst' });
  await waitFor('the reset', () => broken.length > 0);
  expect(broken[0]).toMatchObject({ code: 'ECONNRESET' });
});

test('the last bytes of an endpoint and the reset behind them both reach the client', async () => {
  const { worker, proxy } = await setUp((socket) => {
    socket.once('data', () => {
      socket.write('last words');
      socket.resetAndDestroy();
    });
  });
  const socket = await dial(proxy.port);
  const received: string[] = [];
  socket.on('data', (chunk: Buffer) => received.push(chunk.toString())).write('x');
  expect(await ending(socket)).toBe('ECONNRESET');
  expect(received).toEqual(['last words']);
  const [closed] = await closes(worker, 1);
  expect(closed).toMatchObject({ closedBy: 'endpoint', cause: 'rst', error: 'ECONNRESET', bytesDown: 10 });
});

test('a client that vanishes is lost, not unknown', async () => {
  const { worker, target, token } = await setUp(echo);
  const socket = await transportOf(token);
  socket.write(connectFrame());
  await waitFor('the endpoint', () => target.sockets.size > 0);
  socket.destroy();
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'client', cause: 'client lost' });
  await waitFor('the endpoint to be let go', () => target.sockets.size === 0);
});

test('a client that was reset before the endpoint answered is not lost: it ended its connection', async () => {
  const deaf = await deafPort();
  cleanups.push(deaf.close);
  const { worker, sessionId, token } = await setUp(echo);
  const session = await worker.registry.get(sessionId);
  session!.grant = { ...session!.grant, endpoint: { host: '127.0.0.1', port: deaf.port } };
  const socket = await transportOf(token);
  socket.end(Buffer.concat([connectFrame(), encodeFrame(FrameType.rst)]));
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'client', cause: 'rst' });
});

test('a client that stops answering pings is lost', async () => {
  const { worker, token } = await setUp(echo, { worker: { keepaliveMs: 20 } });
  const socket = await transportOf(token);
  socket.write(connectFrame());
  socket.resume();
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'client', cause: 'client lost' });
  expect(worker.registry.connectionCount()).toBe(0);
  socket.destroy();
});

test('an idle connection of our own client survives keepalive', async () => {
  const clock = new TestClock({ start: 'system', holds: (ms) => ms === KEEPALIVE_MS });
  const { worker, token } = await setUp(echo, { worker: { clock } });
  const link = await Link.open(worker.address.port);
  cleanups.push(() => link.close());
  const { proxy } = await openProxy(withWorkers(token, [local(link.port)]));
  const socket = await dial(proxy.port);
  socket.write('a');
  await new Promise((resolve) => socket.once('data', resolve));
  for (let ping = 0; ping < 3 * MAX_MISSED_PINGS; ping++) {
    const before = link.carriedBytes;
    clock.fire();
    await waitFor('the answer to a ping', () => link.carriedBytes > before);
  }
  socket.end('b');
  expect((await readAll(socket)).toString()).toBe('b');
  expect((await closes(worker, 1))[0]).toMatchObject({ cause: 'fin' });
});

test('a slow reader stops the sender; little is held on the way', async () => {
  let written = 0;
  const { proxy } = await setUp((socket) => {
    const block = Buffer.alloc(1 << 16);
    const fill = () => {
      while (socket.writable && socket.write(block, () => (written += block.length)));
    };
    socket.on('drain', fill);
    fill();
  });
  const socket = await dial(proxy.port);
  socket.pause();
  let last = -1;
  await waitFor('the sender to stand still', async () => {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 150));
    return written === last && written > 0;
  });
  // Six kernel buffers of the loopback and four queues of 64 KiB; an unbounded relay would pass any
  // limit.
  expect(written).toBeLessThan(64 * 1024 * 1024);
  expect(process.memoryUsage().external).toBeLessThan(256 * 1024 * 1024);
  socket.destroy();
});

test.each([
  ['canceled', 'admin', { closedBy: 'admin', cause: 'canceled' }, 'Session has been canceled'],
  ['expired', 'policy', { closedBy: 'policy', cause: 'expired' }, 'Session has expired'],
] as const)('a session that is %s cuts a connection that is moving bytes', async (cause, closedBy, end, reason) => {
  const { worker, proxy, target, sessionId } = await setUp((socket) => {
    const block = Buffer.alloc(1 << 16);
    const fill = () => {
      while (socket.writable && socket.write(block));
    };
    socket.on('drain', fill).resume();
    fill();
  });
  const socket = await dial(proxy.port);
  await new Promise((resolve) => socket.once('data', resolve));
  worker.registry.end(sessionId, { cause, closedBy });
  await gone(socket);
  expect((await closes(worker, 1))[0]).toMatchObject(end);
  await waitFor('the endpoint to be let go', () => target.sockets.size === 0);
  expect(await proxy.done).toMatchObject({ reason, serverSide: true });
  await proxy.close();
  expect(worker.controller.ended).toEqual([]);
});

test('expiry cuts by the worker’s own timer', async () => {
  const { worker, proxy } = await setUp(echo, { expiresInMs: 3_000 });
  worker.controller.authorize = () => Promise.resolve({ ...ALLOWED, expiresInMs: 3_600_000 });
  const socket = await dial(proxy.port);
  await gone(socket);
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'policy', cause: 'expired' });
});

test('a client of an ended session is told the true cause', async () => {
  const { worker, sessionId, token } = await setUp(echo);
  worker.registry.end(sessionId, { cause: 'canceled', closedBy: 'admin' });
  const socket = await transportOf(token);
  socket.write(connectFrame());
  const [frame] = await answers(socket);
  expect(frame!.type).toBe(FrameType.connectErr);
  expect(ConnectError.decode(frame!.payload)).toMatchObject({ cause: 'canceled', closed_by: 'admin' });
  expect(worker.controller.authorized).toEqual([]);
});

test.each([
  ['dial refused', '127.0.0.1', 1, 'ECONNREFUSED', 'endpoint'],
  ['name not found', 'no-such-host.invalid', 80, undefined, 'worker'],
  ['dial unreachable', '255.255.255.255', 9, undefined, 'worker'],
])(
  '%s: the client learns it, the row says it, the slot is free, the proxy stays',
  async (cause, host, port, error, by) => {
    const { worker, target, proxy, warnings, sessionId } = await setUp(echo);
    const session = await worker.registry.get(sessionId);
    session!.grant = { ...session!.grant, endpoint: { host, port } };
    const socket = await dial(proxy.port);
    await gone(socket);
    const [closed] = await closes(worker, 1);
    expect(closed).toMatchObject({ cause, dialFailed: true, closedBy: by, bytesUp: 0, bytesDown: 0 });
    if (error !== undefined) expect(closed!.error).toBe(error);
    await waitFor('the warning', () => warnings.length > 0);
    expect(warnings[0]).toContain(`${host}:${port}`);

    session!.grant = { ...session!.grant, endpoint: { host: '127.0.0.1', port: target.port } };
    const second = await dial(proxy.port);
    second.end('again');
    expect((await readAll(second)).toString()).toBe('again');
  },
);

test('an endpoint that never answers is a dial timeout', async () => {
  const deaf = await deafPort();
  cleanups.push(deaf.close);
  const { worker, proxy, sessionId } = await setUp(echo, { worker: { dialTimeoutMs: 100 } });
  const session = await worker.registry.get(sessionId);
  session!.grant = { ...session!.grant, endpoint: { host: '127.0.0.1', port: deaf.port } };
  await gone(await dial(proxy.port));
  const [closed] = await closes(worker, 1);
  expect(closed).toMatchObject({ cause: 'dial timeout', closedBy: 'worker', error: 'ETIMEDOUT', dialFailed: true });
});

test('refusals by the controller leave no row; the limit ends the proxy once its connections are over', async () => {
  const { worker, proxy, warnings, left } = await setUp(echo);
  worker.controller.authorize = () => Promise.resolve(refusal('concurrent connection limit'));
  await gone(await dial(proxy.port));
  await waitFor('the warning', () => warnings.length > 0);
  expect(warnings[0]).toContain('as many open connections as it may have');

  worker.controller.authorize = () => Promise.resolve({ ...ALLOWED, connectionsLeft: 0 });
  const last = await dial(proxy.port);
  last.write('x');
  await new Promise((resolve) => last.once('data', resolve));
  expect(left).toEqual([0]);
  await expect(dial(proxy.port)).rejects.toThrow('ECONNREFUSED');
  last.end();
  expect(await proxy.done).toEqual({ reason: 'No connections left in session', serverSide: false });
  expect(await closes(worker, 1)).toHaveLength(1);
});

test('a second client is refused and its proxy ends', async () => {
  const { worker, proxy } = await setUp(echo);
  worker.controller.authorize = () => Promise.resolve(refusal('tofu token not allowed'));
  await gone(await dial(proxy.port));
  expect(await proxy.done).toMatchObject({
    reason: 'Error from proxy client: the session is already in use by another client',
    serverSide: true,
  });
});

test('END ends the session with the same first-use token, and live connections close as ended by the client', async () => {
  const { worker, proxy, sessionId } = await setUp(echo);
  const socket = await dial(proxy.port);
  socket.write('x');
  await new Promise((resolve) => socket.once('data', resolve));
  await proxy.close();
  await gone(socket);
  expect(worker.controller.ended).toEqual([{ sessionId, tofuToken: worker.controller.authorized[0]!.tofuToken }]);
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'client' });
  expect((await proxy.done).serverSide).toBe(false);
});

test('END on one transport closes the others as ended by the client', async () => {
  const { worker, token, target } = await setUp(echo);
  const first = await transportOf(token);
  first.write(connectFrame());
  const frames = answers(first);
  await waitFor('the connection', () => target.sockets.size === 1 && worker.registry.connectionCount() === 1);
  const second = await transportOf(token);
  second.write(encodeFrame(FrameType.end, End.encode({ tofu_token: newTofuToken() }).finish()));
  const [close] = await answers(second);
  expect(Close.decode(close!.payload)).toMatchObject({ closed_by: 'client', cause: 'fin' });
  expect((await frames).at(-1)!.type).toBe(FrameType.close);
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'client', cause: 'fin' });
});

test('many END frames in one read ask the controller once', async () => {
  const { worker, token } = await setUp(echo);
  const frame = encodeFrame(FrameType.end, End.encode({ tofu_token: newTofuToken() }).finish());
  const transport = await transportOf(token);
  transport.write(Buffer.concat(Array.from({ length: 50 }, () => frame)));
  const [close] = await answers(transport);
  expect(Close.decode(close!.payload)).toMatchObject({ closed_by: 'client', cause: 'fin' });
  expect(worker.controller.ended).toHaveLength(1);
});

test('a refused END says why', async () => {
  const { worker, proxy, warnings } = await setUp(echo);
  worker.controller.end = () => Promise.resolve('tofu token not allowed');
  await proxy.close();
  expect(warnings[0]).toContain('already in use by another client');
});

test('bytes that a local client wrote before it ended arrive although the proxy closes at once', async () => {
  let got: ReturnType<typeof hashAll> | undefined;
  const { proxy } = await setUp((socket) => {
    got = hashAll(socket);
    void got.then(() => socket.end());
  });
  const socket = await dial(proxy.port);
  const hash = await writeMany(socket, 8 * 1024 * 1024);
  socket.end();
  socket.resume();
  await waitFor('the end to arrive', () => socket.writableFinished);
  await proxy.close();
  expect(await got).toEqual({ sha256: hash, length: 8 * 1024 * 1024 });
});

test('a draining worker refuses new connections and says so', async () => {
  const { worker, proxy, warnings } = await setUp(echo);
  worker.isDraining = true;
  await gone(await dial(proxy.port));
  await waitFor('the warning', () => warnings.length > 0);
  expect(warnings[0]).toContain('shutting down');
});

test('a worker that stops cuts live connections as drained and tells the client', async () => {
  const { worker, proxy, warnings } = await setUp(echo);
  const socket = await dial(proxy.port);
  socket.write('x');
  await new Promise((resolve) => socket.once('data', resolve));
  worker.registry.cutAll({ closedBy: 'worker', cause: 'worker drain' });
  await gone(socket);
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'worker', cause: 'worker drain' });
  await waitFor('the warning', () => warnings.length > 0);
  expect(warnings[0]).toContain('shutting down');
});

test('without a controller live connections go on unless their target says otherwise', async () => {
  const { worker, proxy, sessionId, warnings } = await setUp(echo);
  const socket = await dial(proxy.port);
  socket.write('x');
  await new Promise((resolve) => socket.once('data', resolve));
  worker.registry.controllerLost();
  socket.write('y');
  await new Promise((resolve) => socket.once('data', resolve));
  const session = (await worker.registry.get(sessionId))!;
  session.grant = { ...session.grant, offlineGraceMs: 0 };
  worker.registry.controllerLost();
  await gone(socket);
  expect((await closes(worker, 1))[0]).toMatchObject({
    closedBy: 'policy',
    cause: 'controller unreachable',
    bytesUp: 2,
  });
  await waitFor('the reason', () => warnings.length > 0);
  expect(warnings).toEqual([expect.stringContaining('for longer than the target allows, so the connection was cut')]);
});

test.each([
  [false, []],
  [true, [{ cause: 'controller unreachable', closedBy: 'worker', dialFailed: true }]],
])('no controller for a new connection (request sent: %s): refused with the cause', async (wasSent, reported) => {
  const { worker, proxy, warnings } = await setUp(echo);
  worker.controller.authorize = () => Promise.reject(new ControllerUnreachable('test', wasSent));
  await gone(await dial(proxy.port));
  await waitFor('the warning', () => warnings.length > 0);
  expect(warnings[0]).toContain('no controller');
  expect(worker.controller.closed).toMatchObject(reported);
});

test('a half-closed connection without traffic is ended', async () => {
  const { worker, proxy } = await setUp((socket) => socket.resume(), { worker: { halfClosedIdleMs: 50 } });
  const socket = await dial(proxy.port);
  socket.end('x');
  await gone(socket);
  expect((await closes(worker, 1))[0]).toMatchObject({ closedBy: 'policy', cause: 'idle timeout', bytesUp: 1 });
});

test('no connection for a while ends the proxy when asked to', async () => {
  const { proxy } = await setUp(echo, { proxy: { inactivityMs: 50 } });
  const socket = await dial(proxy.port);
  socket.end();
  socket.resume();
  expect(await proxy.done).toMatchObject({ reason: 'Inactivity timeout reached', serverSide: false });
});

test('the next worker of the list is tried', async () => {
  const { worker, target } = await setUp(echo);
  const grant = newGrant({ host: '127.0.0.1', port: target.port });
  worker.registry.put(grant);
  const token = tokenOf(grant, [{ host: '127.0.0.1', port: 1 }, worker.address]);
  const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 });
  cleanups.push(() => proxy.close());
  const socket = await dial(proxy.port);
  socket.end('x');
  expect((await readAll(socket)).toString()).toBe('x');
});

test('200 connections in random order leave exact counts and nothing behind', async () => {
  const { worker, proxy, target } = await setUp((socket) => {
    let received = 0;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      socket.write(chunk);
    });
    socket.on('end', () => socket.end(`:${received}`));
  });
  const run = async (size: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
    const socket = await dial(proxy.port);
    const all = readAll(socket);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
    socket.end(Buffer.alloc(size, 7));
    expect((await all).length).toBe(size + `:${size}`.length);
  };
  const sizes = Array.from({ length: 200 }, (_, i) => i * 97);
  await Promise.all(sizes.map(run));
  const closed = await closes(worker, 200);
  expect(closed).toHaveLength(200);
  expect(new Set(closed.map((c) => c.connectionId)).size).toBe(200);
  expect(closed.every((c) => c.closedBy === 'client' && c.cause === 'fin')).toBe(true);
  expect(closed.map((c) => c.bytesUp).sort((a, b) => a - b)).toEqual(sizes);
  expect(closed.every((c) => c.bytesDown === c.bytesUp + `:${c.bytesUp}`.length)).toBe(true);
  expect(worker.registry.connectionCount()).toBe(0);
  await waitFor('the endpoint sockets', () => target.sockets.size === 0);
});
