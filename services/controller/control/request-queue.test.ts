import { held, settle } from '../../../lib/limits/held.fixture';
import { createRequestQueue, TooManyRequests } from './request-queue';

test('turns go round the clients, and one has its share of what is under way', async () => {
  const { began, work, finish } = held();
  const queue = createRequestQueue();
  for (let i = 0; i < 100; i++) void queue.run('flood', work('flood'));
  void queue.run('honest', work('honest'));
  await settle();
  expect(began.filter((name) => name === 'flood')).toHaveLength(8);
  expect(began).toContain('honest');
  for (const client of ['a', 'b', 'c']) for (let i = 0; i < 8; i++) void queue.run(client, work(client));
  void queue.run('late', work('late'));
  expect(began).not.toContain('late');
  await finish(5);
  expect(began).toContain('late');
});

test('a client with too much waiting is refused, others are not', async () => {
  const { work } = held();
  const queue = createRequestQueue();
  for (let i = 0; i < 1_008; i++) queue.run('flood', work('flood')).catch(() => undefined);
  await expect(queue.run('flood', work('flood'))).rejects.toThrow(TooManyRequests);
  for (let client = 0; client < 9; client++) {
    for (let i = 0; i < 1_008; i++) queue.run(`other ${client}`, work('other')).catch(() => undefined);
  }
  await settle();
  expect(queue.length).toBe(10_000);
  // In a full queue the heaviest gives up a place.
  void queue.run('honest', work('honest'));
  await settle();
  expect(queue.length).toBe(10_000);
});
