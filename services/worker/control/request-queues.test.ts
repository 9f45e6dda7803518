import { held, settle } from '../../../lib/limits/held.fixture';
import { ControllerUnreachable } from '../sessions/types';
import { RequestQueues } from './request-queues';
import { manualClock } from '../../../lib/clock/test-clock.fixture';

/** No wait is ever over. */
const patient = manualClock();

test.each([['ofSession', 8, 512] as const, ['lookup', 4, 64] as const])(
  'turns go round %ss, and one has its places',
  async (kind, concurrent, waiting) => {
    const { work, count, finishAll } = held();
    const queues = new RequestQueues(patient);
    let refused = 0;
    for (let i = 0; i < concurrent + waiting + 3; i++) {
      queues[kind]('192.0.2.1', work('flood')).catch((error: unknown) => {
        expect(error).toBeInstanceOf(ControllerUnreachable);
        refused++;
      });
    }
    const honest = queues[kind]('192.0.2.2', work('honest'));
    await settle();
    expect([count('flood'), count('honest'), refused]).toEqual([concurrent, 1, 3]);
    finishAll();
    await honest;
  },
);

test('turns go round sessions, and one has its places: lookups take none of them', async () => {
  const { work, count } = held();
  const queues = new RequestQueues(patient);
  for (let i = 0; i < 100; i++) void queues.lookup(`192.0.2.${i}`, work('lookup'));
  void queues.ofSession('s_1', work('session'));
  await settle();
  expect([count('lookup'), count('session')]).toEqual([16, 1]);
});

test('turns go round clients, and one has its places: addresses of one IPv6 network are one', async () => {
  const { work, count } = held();
  const queues = new RequestQueues(patient);
  for (let i = 0; i < 10; i++) void queues.lookup(`2001:db8::${i}`, work('lookup'));
  await settle();
  expect(count('lookup')).toBe(4);
});

test('who does not get a turn in time is refused', async () => {
  const clock = manualClock();
  const { work } = held();
  const queues = new RequestQueues(clock);
  for (let i = 0; i < 8; i++) void queues.ofSession('s_1', work('first'));
  await settle();
  expect(clock.waiting()).toEqual([]);
  const late = expect(queues.ofSession('s_1', work('late'))).rejects.toThrow('no turn in time');
  expect(clock.waiting()).toHaveLength(1);
  clock.fire();
  await late;
});
