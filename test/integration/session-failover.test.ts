/**
 * A connection whose first worker does not serve goes on with the next one of its list, with its
 * bytes, once.
 */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../lib/clock/clock';
import { ControllerUnreachable } from '../../services/worker/sessions/types';
import { DEV } from '../harness/controller';
import { deafPort, dial, gone } from '../harness/endpoints';
import { startFleet } from '../harness/fleet';
import { Link } from '../harness/link';
import { exchange, local, nameOf, openEndpoint, openProxy, pair, refusal, withWorkers } from '../harness/session-pair';
import { cleanUp, cleanups } from '../harness/session-setup';
import type { SessionWorkerOptions } from '../harness/session-worker';
import { waitFor } from '../harness/wait';
import { WorkerChild } from '../harness/worker-child';
import { TestClock } from '../../lib/clock/test-clock.fixture';

afterEach(cleanUp);

/** Two worker processes with one session, and where its endpoint keeps what it was sent. */
async function processes() {
  const received: Buffer[] = [];
  const target = await openEndpoint((socket) => {
    socket.on('data', (chunk: Buffer) => received.push(chunk)).on('end', () => socket.end());
    socket.on('data', (chunk: Buffer) => void socket.write(chunk));
  });
  const [first, second] = await Promise.all([WorkerChild.start(), WorkerChild.start()]);
  cleanups.push(
    () => first.stop(),
    () => second.stop(),
  );
  const { token } = await first.session(target.port);
  await second.join(token);
  const addresses = [(await first.state()).address, (await second.state()).address];
  return { first, second, addresses, received, token: withWorkers(token, addresses) };
}

test('the first worker drains while connections come all the time: none fails', async () => {
  const fleet = await startFleet({ workers: [systemClock, systemClock] });
  cleanups.push(() => fleet.stop());
  const target = await openEndpoint();
  const { id } = await fleet.api.target(DEV.project, target.port, { session_connection_limit: -1 });
  const { authorization_token } = await fleet.api.authorize(id);
  const limited = await fleet.api.target(DEV.project, target.port, { session_connection_limit: 1 });
  const single = await fleet.api.authorize(limited.id);
  const addresses = fleet.workers.map((worker) => worker.proxyAddress);
  const { proxy, warnings, lines } = await openProxy(withWorkers(authorization_token, addresses));
  const tally = { asked: 0, right: 0, isOver: false };
  const lane = async (): Promise<void> => {
    for (let i = 0; i < 10_000 && !tally.isOver; i++) {
      const text = `number ${tally.asked++}`;
      const answer = await exchange(proxy.port, Buffer.from(text));
      if (answer.toString() === text) tally.right++;
    }
  };
  const lanes = Promise.all(Array.from({ length: 4 }, lane));
  await waitFor('connections', () => tally.right > 20);
  const drained = fleet.workers[0]!.drain(20_000);
  const before = tally.right;
  await waitFor('connections through the other worker', () => tally.right > before + 40);
  tally.isOver = true;
  await lanes;
  await drained;
  expect(tally.right).toBe(tally.asked);
  expect(warnings).toEqual([]);
  expect(lines.filter((line) => line.includes('shutting down')).length).toBeGreaterThan(0);

  // A session with one connection gets it from the other worker, and no second one.
  const once = await openProxy(withWorkers(single.authorization_token, addresses));
  expect((await exchange(once.proxy.port, Buffer.from('once'))).toString()).toBe('once');
  expect(await once.proxy.done).toMatchObject({ reason: 'No connections left in session' });
  expect(once.lines.join()).toContain('shutting down');
  const through = (session: any): boolean => session.termination_reason === 'connection limit';
  const session = await fleet.api.sessionWhere(single.session_id, 'at its limit', through);
  expect(session).toMatchObject({ connections_used: 1, connection_limit: 1 });
  expect(session.connections).toHaveLength(1);
}, 60_000);

test('a worker that is frozen, then one that is killed (-9) between CONNECT and its answer: the other serves', async () => {
  const { first, second, addresses, received, token } = await processes();
  const { proxy, warnings } = await openProxy(token);
  first.signal('SIGSTOP');
  for (let i = 0; i < 20; i++) expect((await exchange(proxy.port, Buffer.from('x'))).toString()).toBe('x');
  expect((await second.state()).authorized).toBe(20);
  first.signal('SIGCONT');

  await second.hang();
  received.length = 0;
  const bytes = randomBytes(1_000_000);
  const answer = exchange(proxy.port, bytes);
  await waitFor('CONNECT', async () => (await second.state()).authorized === 21);
  await second.stop();
  expect((await answer).equals(bytes)).toBe(true);
  expect(Buffer.concat(received).equals(bytes)).toBe(true);
  expect((await first.state()).authorized).toBe(1);
  expect(warnings).toEqual([]);

  await first.stop();
  expect(await gone(await dial(proxy.port))).toBe(true);
  await waitFor('the warning', () => warnings.length > 0);
  for (const address of addresses) expect(warnings[0]).toContain(`worker ${nameOf(address)}: connection refused`);
}, 60_000);

test('every worker refuses: the message names each and its reason', async () => {
  const { first, second, token } = await pair();
  first.isDraining = true;
  second.controller.authorize = () => Promise.reject(new ControllerUnreachable('test', false));
  const { proxy, warnings } = await openProxy(token);
  expect(await gone(await dial(proxy.port))).toBe(true);
  await waitFor('the warning', () => warnings.length > 0);
  const [one, two] = warnings[0]!.split('\n');
  expect(one).toContain(`worker ${nameOf(first.address)}: The worker is shutting down.`);
  expect(two).toContain(`worker ${nameOf(second.address)}: The worker reaches no controller`);
  first.isDraining = false;
  expect((await exchange(proxy.port, Buffer.from('again'))).toString()).toBe('again');
});

test.each([
  ['the session is over', 'expired'],
  ['its limit is reached', 'concurrent connection limit'],
])('no other worker is asked when %s', async (_why, cause) => {
  const { first, second, token } = await pair();
  first.controller.authorize = () => Promise.resolve(refusal(cause));
  const { proxy } = await openProxy(token);
  await gone(await dial(proxy.port));
  expect(second.controller.authorized).toEqual([]);
});

test('a worker that the session was taken from does not end it', async () => {
  const { first, token } = await pair();
  first.registry.revokeAll({ closedBy: 'controller', cause: 'canceled' });
  const { proxy } = await openProxy(token);
  expect((await exchange(proxy.port, Buffer.from('x'))).toString()).toBe('x');
});

test('a cancel that one worker tells first: the client leaves it to the other to cut, whose record stays true', async () => {
  const { first, second, token } = await pair();
  const { proxy } = await openProxy(token);
  const sockets = [await dial(proxy.port)];
  await waitFor('the first worker to serve', () => first.controller.authorized.length === 1);
  first.isDraining = true;
  sockets.push(await dial(proxy.port));
  await waitFor('the second worker to serve', () => second.controller.authorized.length === 1);
  for (const socket of sockets) socket.on('error', () => undefined).resume();
  const ends = sockets.map((socket) => gone(socket));
  first.registry.revokeAll({ closedBy: 'admin', cause: 'canceled' });
  await ends[0];
  second.registry.revokeAll({ closedBy: 'admin', cause: 'canceled' });
  expect(await proxy.done).toMatchObject({ cause: 'canceled' });
  await ends[1];
  for (const { controller } of [first, second]) {
    await waitFor('the close', () => controller.closed.length === 1);
    expect(controller.closed[0]).toMatchObject({ closedBy: 'admin', cause: 'canceled' });
  }
});

test('lost after CONNECT, refused for the limit elsewhere: both are told, and the listener stays', async () => {
  const { first, second, token, received } = await pair([{}, {}], 1);
  const link = await Link.open(first.address.port);
  cleanups.push(() => link.close());
  let made = 0;
  first.controller.authorize = () => {
    made++;
    link.cut();
    return Promise.resolve({ refused: '', text: '', connectionsLeft: 0, expiresInMs: 3_600_000 });
  };
  second.controller.authorize = () => Promise.resolve(refusal(made > 0 ? 'connection limit' : ''));
  const { proxy, warnings } = await openProxy(withWorkers(token, [local(link.port), second.address]));
  const socket = await dial(proxy.port);
  socket.write('never');
  expect(await gone(socket)).toBe(true);
  await waitFor('the warning', () => warnings.length > 0);
  expect(warnings[0]).toContain(`worker 127.0.0.1:${link.port}: `);
  expect(warnings[0]).toContain('before it answered');
  expect(warnings[0]).toContain(
    `worker ${nameOf(second.address)}: The session has made all the connections it may make`,
  );
  expect(received).toEqual([]);
  await waitFor('the row', () => first.controller.closed[0]?.cause === 'client lost');
  made = 0;
  expect((await exchange(proxy.port, Buffer.from('x'))).toString()).toBe('x');
});

test.each<[string, SessionWorkerOptions, SessionWorkerOptions]>([
  ['Boundary, then ours', { onlyBoundary: true }, {}],
  ['ours, then Boundary', {}, { onlyBoundary: true }],
])('workers of both protocols: %s', async (_name, one, two) => {
  const { first, second, token, received } = await pair([one, two]);
  first.isDraining = true;
  const { proxy, warnings } = await openProxy(token);
  const bytes = randomBytes(200_000);
  const socket = await dial(proxy.port);
  socket.end(bytes);
  await waitFor('the bytes', () => received.length === 1);
  expect(received[0]!.equals(bytes)).toBe(true);
  expect(second.controller.authorized).toHaveLength(1);
  expect(warnings).toEqual([]);
  socket.destroy();
});

test('a worker whose packets are dropped does not keep the next one waiting for its deadline', async () => {
  const deaf = await deafPort();
  cleanups.push(deaf.close);
  const { second, token } = await pair();
  // A dial of one worker after the other would wait for a deadline that never comes.
  const endless = new TestClock({ start: 'system', holds: (ms) => ms === 5_000 });
  const { proxy } = await openProxy(withWorkers(token, [local(deaf.port), second.address]), { clock: endless });
  expect((await exchange(proxy.port, Buffer.from('x'))).toString()).toBe('x');
}, 30_000);

test('a silent worker is dialed once, then left alone while another serves', async () => {
  let dialed = 0;
  const { port } = await openEndpoint(() => void dialed++);
  const { first, second, token } = await pair();
  const { proxy } = await openProxy(withWorkers(token, [local(port), first.address, second.address]));
  for (let i = 0; i < 5; i++) expect((await exchange(proxy.port, Buffer.from('x'))).toString()).toBe('x');
  expect(dialed).toBe(1);
  // The next one of the list that has not failed.
  first.isDraining = true;
  expect((await exchange(proxy.port, Buffer.from('x'))).toString()).toBe('x');
  expect(dialed).toBe(1);
  expect(second.controller.authorized.length).toBeGreaterThan(0);
  second.isDraining = true;
  await dial(proxy.port);
  await waitFor('another try', () => dialed > 1);
}, 30_000);
