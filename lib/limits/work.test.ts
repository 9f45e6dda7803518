import { Work, WorkExceeded } from './work';

function counted(limit: number, stretch: number): { work: Work; pauses: () => number } {
  let pauses = 0;
  const work = new Work(limit, stretch, () => {
    pauses++;
    return Promise.resolve();
  });
  return { work, pauses: () => pauses };
}

test('steps up to the limit are free, the next one is refused, and all after it', () => {
  const { work } = counted(10, 5);
  work.charge(10);
  expect(() => work.charge(1)).toThrow(WorkExceeded);
  expect(() => work.charge(0)).toThrow('more than 10 steps');
});

test('pauses after each stretch of steps, and not before', async () => {
  const { work, pauses } = counted(1_000, 10);
  for (let i = 0; i < 35; i++) {
    work.charge(1);
    await work.breathe();
  }
  expect(pauses()).toBe(3);
});

test('the pause lets timers and sockets of others have their turn', async () => {
  const work = new Work(100, 1);
  let served = false;
  setTimeout(() => (served = true), 0);
  for (let i = 0; i < 50 && !served; i++) {
    work.charge(1);
    await work.breathe();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(served).toBe(true);
});
