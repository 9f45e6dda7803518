/** How many connections a worker carries. */
import { dial, echo, gone } from '../harness/endpoints';
import { cleanUp, cleanups, setUp, type Setup } from '../harness/session-setup';
import { openProxy } from '../harness/session-pair';
import { waitFor } from '../harness/wait';

afterEach(cleanUp);

/** A connection that carries bytes. */
async function live(port: number) {
  const socket = await dial(port);
  socket.write('x');
  await new Promise((resolve) => socket.once('data', resolve));
  cleanups.push(() => Promise.resolve(void socket.destroy()));
  return socket;
}

/** Tries one more; answers the sentence of the refusal. */
async function refusal({ proxy, warnings }: Pick<Setup, 'proxy' | 'warnings'>): Promise<string> {
  const before = warnings.length;
  await gone(await dial(proxy.port));
  return waitFor('the refusal', () => warnings[before]);
}

test('a worker that is full refuses, and says so; nothing is recorded', async () => {
  const setup = await setUp(echo, { worker: { limits: { connections: 2 } } });
  const { worker, proxy } = setup;
  const first = await live(proxy.port);
  const other = worker.session({ host: '127.0.0.1', port: setup.target.port });
  const others = await openProxy(other.token);
  await live(others.proxy.port);
  for (const one of [setup, others]) expect(await refusal(one)).toContain('worker.limits.connections, 2');
  expect(worker.controller.authorized).toHaveLength(2);
  first.destroy();
  await waitFor('its end', () => worker.controller.closed.length === 1);
  await live(others.proxy.port);
});

test('one session does not take what others need', async () => {
  const setup = await setUp(echo, { worker: { limits: { connections_per_session: 2 } } });
  const { worker, proxy } = setup;
  const sockets = [await live(proxy.port), await live(proxy.port)];
  expect(await refusal(setup)).toContain('worker.limits.connections_per_session, 2');
  const others = await openProxy(worker.session({ host: '127.0.0.1', port: setup.target.port }).token);
  await live(others.proxy.port);
  sockets[0]!.destroy();
  await waitFor('its end', () => worker.controller.closed.length === 1);
  await live(proxy.port);
});

test('a connection that the controller refuses, or whose dial fails, leaves its place to others', async () => {
  const setup = await setUp(echo, { worker: { limits: { connections_per_session: 1 } } });
  const { worker, proxy } = setup;
  const { authorize } = worker.controller;
  const refused = { refused: 'concurrent connection limit', text: 'Not now.', connectionsLeft: -1, expiresInMs: 1_000 };
  worker.controller.authorize = () => Promise.resolve(refused);
  for (let i = 0; i < 3; i++) expect(await refusal(setup)).toContain('Not now.');
  worker.controller.authorize = authorize;
  await live(proxy.port);
  const nowhere = await openProxy(worker.session({ host: '127.0.0.1', port: 1 }).token);
  for (let i = 0; i < 3; i++) expect(await refusal(nowhere)).toContain('refused');
});
