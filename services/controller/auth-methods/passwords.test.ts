import { hash } from '@node-rs/argon2';
import type { ApiError } from '../../../lib/errors/errors';
import { manualClock, type TestClock } from '../../../lib/clock/test-clock.fixture';
import { FREE_FAILURES } from './login-limits';
import { hashPassword } from './password-hash';
import { PasswordQueue, type Attempt } from './passwords';

let clock: TestClock;
let queue: PasswordQueue;
/** Cheap to check. */
let stored: string;

beforeAll(async () => {
  stored = await hash('right', { memoryCost: 8, timeCost: 1 });
});
beforeEach(() => {
  clock = manualClock();
  queue = new PasswordQueue({ concurrent: 1, clock });
});

/** `true`, `false`, or the kind and the seconds of the refusal. */
const attempt = (password: string, more: Partial<Attempt> = {}, signal?: AbortSignal): Promise<boolean | string> =>
  queue
    .check({ name: 'a', address: '192.0.2.1', isFamiliar: false, stored, password, ...more }, signal)
    .catch((error: unknown) => {
      const { kind, message } = error as ApiError;
      return `${kind} ${/in (\d+) s/.exec(message)?.[1] ?? message}`;
    });
const address = (i: number): Partial<Attempt> => ({ address: `198.51.100.${i}` });
const times = async (count: number, work: (i: number) => Promise<unknown>): Promise<unknown[]> => {
  const results: unknown[] = [];
  for (let i = 0; i < count; i++) results.push(await work(i));
  return results;
};
const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));
/** Until an attempt pauses, or as many answers are there. */
async function paused(answers: unknown[] = [], all = Infinity): Promise<void> {
  while (clock.waiting().length === 0 && answers.length < all) await turn();
  await turn();
}

test('a hash is argon2id in PHC form with its own salt', async () => {
  const made = await hashPassword('right');
  expect(made).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$[A-Za-z0-9+/]{43}\$[A-Za-z0-9+/]{43}$/);
  expect(await hashPassword('right')).not.toBe(made);
});

test('only the right password of an account with one passes', async () => {
  expect(await attempt('right')).toBe(true);
  expect(await attempt('wrong')).toBe(false);
  expect(await attempt('right', { stored: undefined })).toBe(false);
});

test('ten failures in a row cost nothing, the wait then doubles up to a minute; a success forgets them', async () => {
  expect(await times(FREE_FAILURES, () => attempt('wrong'))).toEqual(Array(FREE_FAILURES).fill(false));
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    const seconds = Number(/ (\d+)$/.exec(String(await attempt('right')))?.[1]);
    waits.push(seconds);
    clock.forward(seconds * 1_000);
    expect(await attempt('wrong')).toBe(false);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(await attempt('right', { name: 'b' })).toBe(true);
  expect(await attempt('right', address(1))).toBe(true);
  expect(await attempt('right')).toBe('ResourceExhausted 60');
  clock.forward(60_000);
  expect(await attempt('right')).toBe(true);
  expect(await times(FREE_FAILURES - 1, () => attempt('wrong'))).not.toContain('ResourceExhausted 1');
  expect(await attempt('right')).toBe(true);
});

test('an address that has succeeded before is never refused for failures, of others or its own', async () => {
  const owner = { ...address(1), isFamiliar: true };
  await times(2, (i) => times(10, () => attempt('wrong', address(100 + i))));
  expect(await attempt('right', owner)).toBe(true);
  expect(await times(FREE_FAILURES, () => attempt('wrong', owner))).toEqual(Array(FREE_FAILURES).fill(false));
  // From here on the owner's attempts are paced.
  for (const pause of [1_000, 2_000, 4_000, 8_000, 8_000]) {
    const next = attempt('wrong', owner);
    await paused();
    clock.forward(pause - 1);
    expect(clock.waiting()).toHaveLength(1);
    clock.forward(1);
    expect(await next).toBe(false);
  }
  const [first, second] = [attempt('right', owner), attempt('right', owner)];
  await paused();
  clock.forward(8_000);
  expect([await first, await second]).toEqual([true, true]);
});

test('guesses from many addresses go one at a time, and an owner at a new address gets its turn', async () => {
  await times(20, (i) => attempt('wrong', address(i)));
  const answers: string[] = [];
  const guess = (i: number) => void attempt('wrong', address(i)).then((answer) => answers.push(`${i} ${answer}`));
  for (let i = 0; i < 6; i++) guess(100 + (i % 3));
  void attempt('right', address(1)).then((answer) => answers.push(`owner ${answer}`));
  await paused();
  expect(answers).toEqual([]);
  const counts: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    clock.forward(5_000);
    await paused(answers, 7);
    counts.push(answers.length);
  }
  // Success costs no turn, so the one after it follows at once.
  expect(counts).toEqual([1, 2, 3, 4, 6]);
  expect(answers[4]).toBe('owner true');
  expect(await attempt('right', { name: 'b' })).toBe(true);
});

test('few wait for an account under attack, and who leaves makes room', async () => {
  await times(20, (i) => attempt('wrong', address(i)));
  const leaving = new AbortController();
  const waiting = [attempt('right', address(100), leaving.signal)];
  for (let i = 101; i < 113; i++) waiting.push(attempt('right', address(i)));
  expect(await attempt('right', address(200))).toBe('ResourceExhausted 60');
  await paused();
  leaving.abort();
  expect(await waiting[0]).toMatch('DeadlineExceeded');
  const late = attempt('right', address(200));
  clock.forward(5_000);
  expect(await Promise.all([...waiting.slice(1), late])).toEqual(Array(13).fill(true));
});

test('one address that tries many names is stopped for all of them, but where it has succeeded before', async () => {
  const spray = (i: number) => attempt('wrong', { name: `name ${i}` });
  expect(await times(50, spray)).toEqual(Array(50).fill(false));
  expect(await attempt('right', { name: 'fresh' })).toBe('ResourceExhausted 6');
  expect(await attempt('right', { name: 'mine', isFamiliar: true })).toBe(true);
  expect(await attempt('right', { name: 'fresh', ...address(1) })).toBe(true);
  clock.forward(6_000);
  expect([await spray(50), await spray(51)]).toEqual([false, 'ResourceExhausted 6']);
  clock.forward(6_000);
  // Its own success gives no new budget.
  expect(await attempt('right', { name: 'fresh' })).toBe(true);
  expect([await spray(51), await spray(52)]).toEqual([false, 'ResourceExhausted 6']);
});

test('addresses of one IPv6 network count as one', async () => {
  const at = (i: number): Partial<Attempt> => ({ address: `2001:db8::${i.toString(16)}` });
  await times(FREE_FAILURES + 1, (i) => attempt('wrong', at(i)));
  expect(await attempt('right', at(99))).toBe('ResourceExhausted 1');
  expect(await attempt('right', { address: '2001:db8:0:1::1' })).toBe(true);
});

test('attempts at once fail no more often than one after the other', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => attempt('wrong')));
  expect(answers.filter((answer) => answer === false)).toHaveLength(FREE_FAILURES);
  const others: unknown[] = [];
  for (let i = 0; i < 30; i++) {
    void attempt('wrong', { name: 'b', ...address(i) }).then((answer) => others.push(answer));
  }
  await paused();
  expect(others).toEqual(Array(20).fill(false));
});

test('150 right logins of one address at once all pass, and another address does not wait for them', async () => {
  const order: string[] = [];
  const login = (who: string, more: Partial<Attempt>) =>
    attempt('right', more).then((answer) => order.push(`${who} ${answer}`));
  const many = Array.from({ length: 150 }, () => login('many', {}));
  const one = login('one', { name: 'b', ...address(1) });
  await Promise.all([...many, one]);
  expect(order.filter((line) => line === 'many true')).toHaveLength(150);
  expect(order.indexOf('one true')).toBeLessThanOrEqual(2);
});

test('memory is bounded: what failed longest ago is forgotten first', async () => {
  queue = new PasswordQueue({ concurrent: 1, clock, remembered: 2 });
  await times(FREE_FAILURES, () => attempt('wrong'));
  expect(await attempt('right')).toBe('ResourceExhausted 1');
  await attempt('wrong', { name: 'b', ...address(1) });
  expect(await attempt('right')).toBe('ResourceExhausted 1');
  await attempt('wrong', { name: 'c', ...address(2) });
  expect(await attempt('right')).toBe(true);
});
