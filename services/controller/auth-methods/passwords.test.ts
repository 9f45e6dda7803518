import { systemClock, type Clock } from '../../../lib/clock/clock';
import { ApiError } from '../../../lib/errors/errors';
import { FREE_FAILURES, hashPassword, PasswordQueue } from './passwords';

class TestClock implements Clock {
  ms = 0;
  now = (): Date => new Date(this.ms);
  after = systemClock.after;
  every = systemClock.every;
}

let stored: string;
beforeAll(async () => {
  stored = await hashPassword('right');
});

test('a hash is argon2id in PHC form with its own salt', async () => {
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$[A-Za-z0-9+/]{43}\$[A-Za-z0-9+/]{43}$/);
  expect(await hashPassword('right')).not.toBe(stored);
});

test('only the right password of an account with one passes', async () => {
  const queue = new PasswordQueue({ concurrent: 2, clock: new TestClock() });
  expect(await queue.check('a', stored, 'right')).toBe(true);
  expect(await queue.check('a', stored, 'wrong')).toBe(false);
  expect(await queue.check('a', undefined, 'right')).toBe(false);
});

test('what does not fit the queue is refused at once, the rest is answered', async () => {
  const queue = new PasswordQueue({ concurrent: 1, queued: 2, clock: new TestClock() });
  const results = await Promise.allSettled(Array.from({ length: 6 }, (_, i) => queue.check(`k${i}`, stored, 'right')));
  expect(results.map((r) => (r.status === 'fulfilled' ? r.value : (r.reason as ApiError).kind))).toEqual([
    true,
    true,
    true,
    'ResourceExhausted',
    'ResourceExhausted',
    'ResourceExhausted',
  ]);
  expect(await queue.check('later', stored, 'right')).toBe(true);
});

test('a caller that goes away gives its place back', async () => {
  const queue = new PasswordQueue({ concurrent: 1, queued: 1, clock: new TestClock() });
  const first = queue.check('a', stored, 'right');
  const gone = new AbortController();
  const second = queue.check('b', stored, 'right', gone.signal);
  const refused = expect(second).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
  await Promise.resolve();
  gone.abort();
  await refused;
  const third = queue.check('c', stored, 'right');
  expect(await Promise.all([first, third])).toEqual([true, true]);
  const before = new AbortController();
  before.abort();
  const fourth = queue.check('d', stored, 'right');
  await expect(queue.check('e', stored, 'right', before.signal)).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
  expect(await fourth).toBe(true);
});

test('ten failures in a row cost nothing, the wait then doubles up to a minute; a success forgets them', async () => {
  const clock = new TestClock();
  const queue = new PasswordQueue({ concurrent: 2, clock });
  const fail = (key = 'a') => queue.check(key, stored, 'wrong');
  for (let i = 0; i < FREE_FAILURES; i++) expect(await fail()).toBe(false);
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    const refusal = await queue.check('a', stored, 'right').catch((error: unknown) => error as ApiError);
    const seconds = Number(/in (\d+) s/.exec((refusal as ApiError).message)?.[1]);
    waits.push(seconds);
    clock.ms += seconds * 1_000;
    expect(await fail()).toBe(false);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(await queue.check('b', stored, 'right')).toBe(true);
  clock.ms += 60_000;
  expect(await queue.check('a', stored, 'right')).toBe(true);
  expect(await fail()).toBe(false);
  expect(await queue.check('a', stored, 'right')).toBe(true);
});

test('places are taken for whole logins, before anything is looked up, and given back once', () => {
  const queue = new PasswordQueue({ concurrent: 1, queued: 1, clock: new TestClock() });
  const [first] = [queue.admit(), queue.admit()];
  expect(() => queue.admit()).toThrow(expect.objectContaining({ kind: 'ResourceExhausted' }) as Error);
  first();
  first();
  queue.admit();
  expect(() => queue.admit()).toThrow('Too many logins');
});
