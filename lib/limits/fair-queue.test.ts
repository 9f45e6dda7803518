import { held, settle } from './held.fixture';
import { FairQueue } from './fair-queue';

const errors = { refused: (why: string) => new Error(why), gone: () => new Error('gone') };

const queue = (waiting = 100, waitingPerCaller = 100): FairQueue =>
  new FairQueue({ concurrent: 1, waiting, waitingPerCaller }, errors);

test('turns go round the callers', async () => {
  const { began, work, finish } = held();
  const fair = queue();
  for (let i = 0; i < 4; i++) void fair.run('flood', work(`flood ${i}`));
  void fair.run('honest', work('honest'));
  for (let i = 0; i < 4; i++) await finish();
  expect(began).toEqual(['flood 0', 'flood 1', 'honest', 'flood 2', 'flood 3']);
});

test('one caller has a number of places', async () => {
  const { work } = held();
  const fair = queue(100, 1);
  void fair.run('a', work('running'));
  void fair.run('a', work('waiting'));
  await expect(fair.run('a', work('refused'))).rejects.toThrow('caller has too many places');
  expect(fair.length).toBe(1);
});

test('one caller has a share of what runs at once, and the rest is for others', async () => {
  const { began, work, finish } = held();
  const fair = new FairQueue({ concurrent: 3, concurrentPerCaller: 2, waiting: 100, waitingPerCaller: 100 }, errors);
  for (let i = 0; i < 4; i++) void fair.run('flood', work(`flood ${i}`));
  await settle();
  expect(began).toEqual(['flood 0', 'flood 1']);
  void fair.run('honest', work('honest'));
  void fair.run('late', work('late'));
  await finish();
  await finish();
  expect(began).toEqual(['flood 0', 'flood 1', 'honest', 'flood 2', 'late']);
});

test('in a full queue the heaviest caller gives up its latest place to one with fewer', async () => {
  const { began, work, finish } = held();
  const fair = queue(3);
  void fair.run('flood', work('flood 0'));
  void fair.run('flood', work('flood 1'));
  void fair.run('flood', work('flood 2'));
  const latest = fair.run('flood', work('flood 3'));
  const outcome = expect(latest).rejects.toThrow('queue is full');
  void fair.run('honest', work('honest'));
  await outcome;
  await expect(fair.run('flood', work('flood 4'))).rejects.toThrow('queue is full');
  for (let i = 0; i < 3; i++) await finish();
  expect(began).toEqual(['flood 0', 'flood 1', 'honest', 'flood 2']);
});

test('who goes away gives the place back, waiting or not begun', async () => {
  const { began, work, finish } = held();
  const fair = queue();
  void fair.run('a', work('first'));
  const abort = new AbortController();
  const left = expect(fair.run('b', work('b'), abort.signal)).rejects.toThrow('gone');
  abort.abort();
  await left;
  await expect(fair.run('b', work('b'), abort.signal)).rejects.toThrow('gone');
  expect(fair.length).toBe(0);
  void fair.run('c', work('c'));
  await finish();
  expect(began).toEqual(['first', 'c']);
});

test('work that fails gives its turn to the next', async () => {
  const fair = queue();
  await expect(fair.run('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(fair.run('a', () => Promise.resolve('done'))).resolves.toBe('done');
});
