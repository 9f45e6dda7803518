/**
 * Workers that do not answer, at the beginning and at the end of a session: the next one of the
 * list is asked.
 */
import { ANSWER_TIMEOUT_MS } from '../../cli/connect/listener/attempts';
import { ControllerUnreachable, type Authorization } from '../../services/worker/sessions/types';
import { dial, gone, readAll } from '../harness/endpoints';
import { Link } from '../harness/link';
import { exchange, local, nameOf, openProxy, pair, refusal, withWorkers } from '../harness/session-pair';
import { cleanUp, cleanups } from '../harness/session-setup';
import type { SessionWorker } from '../harness/session-worker';
import { waitFor } from '../harness/wait';
import { TestClock } from '../../lib/clock/test-clock.fixture';

afterEach(cleanUp);

/** The time of the system; what waits for an answer does so until told that it is over. */
const withHeldAnswers = (): TestClock => new TestClock({ start: 'system', holds: (ms) => ms === ANSWER_TIMEOUT_MS });

/** No answer until the test is over; the worker then lets the endpoint go. */
const never = () =>
  new Promise<Authorization>((resolve) => cleanups.push(async () => resolve(refusal('session ended'))));
const silence = (): Promise<never> => new Promise(() => undefined);
const asked = (worker: SessionWorker, count: number) =>
  waitFor('CONNECT', () => worker.controller.authorized.length === count);

test('a worker that does not answer CONNECT has 15 s; then the next one gets the bytes, once', async () => {
  const { first, second, token, received } = await pair();
  first.controller.authorize = never;
  const clock = withHeldAnswers();
  const { proxy, warnings } = await openProxy(token, { clock });
  const socket = await dial(proxy.port);
  socket.end('once');
  await asked(first, 1);
  expect(second.controller.authorized).toEqual([]);
  clock.fire();
  expect((await readAll(socket)).toString()).toBe('once');
  expect(received.map(String)).toEqual(['once']);
  expect(clock.waiting(ANSWER_TIMEOUT_MS)).toEqual([]);

  expect((await exchange(proxy.port, Buffer.from('next'))).toString()).toBe('next');
  expect(first.controller.authorized).toHaveLength(1);
  expect(warnings).toEqual([]);
});

test('no worker answers CONNECT: the local connection is reset, the message names each', async () => {
  const { first, second, token, received } = await pair();
  for (const worker of [first, second]) worker.controller.authorize = never;
  const clock = withHeldAnswers();
  const { proxy, warnings } = await openProxy(token, { clock });
  const socket = await dial(proxy.port);
  socket.write('never');
  for (const worker of [first, second]) {
    await asked(worker, 1);
    clock.fire();
  }
  expect(await gone(socket)).toBe(true);
  const lines = [first, second].map(({ address }) => `worker ${nameOf(address)}: no answer within 15 s`);
  await waitFor('the warning', () => warnings.length > 0);
  expect(warnings).toEqual([`No connection to the session's endpoint: ${lines.join('\n')}`]);
  expect(received).toEqual([]);
});

type Break = (first: SessionWorker, link: Link, clock: TestClock) => unknown;

test.each<[string, Break]>([
  ['is gone', (first) => first.close()],
  ['closes without a word', (first, link) => (first.controller.end = () => (link.cut(), silence()))],
  [
    'does not answer',
    (first, _link, clock) =>
      (first.controller.end = () => {
        setImmediate(() => clock.fire());
        return silence();
      }),
  ],
  [
    'reaches no controller',
    (first) => (first.controller.end = () => Promise.reject(new ControllerUnreachable('test', true))),
  ],
  ['may not serve the session', (first) => (first.controller.end = () => Promise.resolve('session not found'))],
  ['has lost the session', (first) => first.registry.revokeAll({ closedBy: 'controller', cause: 'canceled' })],
])('the session is ended through the next worker when the first one %s', async (_, breakIt) => {
  const { first, second, token } = await pair();
  const link = await Link.open(first.address.port);
  cleanups.push(() => link.close());
  const clock = withHeldAnswers();
  const { proxy, warnings } = await openProxy(withWorkers(token, [local(link.port), second.address]), { clock });
  expect((await exchange(proxy.port, Buffer.from('x'))).toString()).toBe('x');
  expect(first.controller.authorized).toHaveLength(1);
  await breakIt(first, link, clock);
  await proxy.close();
  expect(second.controller.ended).toHaveLength(1);
  expect(warnings).toEqual([]);
});

test('a session that no worker can end: the message names each, once', async () => {
  const { first, second, token } = await pair();
  const { proxy, warnings } = await openProxy(token);
  first.controller.end = () => Promise.reject(new ControllerUnreachable('test', true));
  await second.close();
  await proxy.close();
  expect(warnings).toHaveLength(1);
  const [one, two] = warnings[0]!.split('\n');
  expect(one).toContain(`could not be ended: worker ${nameOf(first.address)}: The worker reaches no controller`);
  expect(two).toBe(`worker ${nameOf(second.address)}: connection refused`);
});

test('an answer that comes while the proxy closes leaves no timer behind, which would keep the process', async () => {
  const { first, token } = await pair();
  let allow: (answer: Authorization) => void = () => undefined;
  first.controller.authorize = () => new Promise((resolve) => (allow = resolve));
  const clock = new TestClock({ start: 'system' });
  const { proxy } = await openProxy(withWorkers(token, [first.address]), { clock });
  const socket = await dial(proxy.port);
  await asked(first, 1);
  const closed = proxy.close();
  allow({ refused: '', text: '', connectionsLeft: -1, expiresInMs: 1_800_000 });
  await closed;
  await gone(socket);
  await waitFor('the last timer', () => clock.waiting().length === 0, {
    timeoutMs: 5_000,
    status: () => `${clock.waiting().join()} ms`,
  });
});
