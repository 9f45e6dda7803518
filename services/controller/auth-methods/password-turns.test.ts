import type { ApiError } from '../../../lib/errors/errors';
import { PasswordTurns, type Callers } from './password-turns';

/** Work that ends when it is told to, and the order in which it began. */
function gate() {
  const began: string[] = [];
  const ends: (() => void)[] = [];
  const idle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    began,
    work: (name: string) => () => {
      began.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    },
    async finish(count: number) {
      for (let i = 0; i < count; i++) {
        await idle();
        ends.shift()!();
      }
      await idle();
    },
  };
}

const refusal = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'done',
    (error: unknown) => (error as ApiError).kind,
  );

test('turns go round the addresses, and every other turn is of known callers', async () => {
  const turns = new PasswordTurns({ concurrent: 1 });
  const { began, work, finish } = gate();
  const run = (callers: Callers, address: string, name: string) => void turns.run(callers, address, work(name));
  for (let i = 0; i < 4; i++) run('strangers', '192.0.2.1', `flood ${i}`);
  run('strangers', '192.0.2.2', 'stranger');
  for (let i = 0; i < 2; i++) run('known', '192.0.2.3', `known ${i}`);
  await finish(7);
  expect(began).toEqual(['flood 0', 'known 0', 'flood 1', 'known 1', 'stranger', 'flood 2', 'flood 3']);
});

test('as many run at once as may', async () => {
  const turns = new PasswordTurns({ concurrent: 2 });
  const { began, work, finish } = gate();
  for (let i = 0; i < 3; i++)
    for (const callers of ['known', 'strangers'] as const) void turns.run(callers, 'x', work(callers));
  await finish(0);
  expect(began).toHaveLength(2);
  await finish(6);
  expect(began).toHaveLength(6);
});

test('one address has a number of places; addresses of one IPv6 network are one', async () => {
  const turns = new PasswordTurns({ concurrent: 1, waitingOfAddress: 1 });
  const { work, finish } = gate();
  const run = (address: string) => refusal(turns.run('strangers', address, work('')));
  const answers = [run('2001:db8::1'), run('2001:db8::2'), run('2001:db8::3'), run('2001:db8:0:1::1')];
  await finish(3);
  expect(await Promise.all(answers)).toEqual(['done', 'done', 'ResourceExhausted', 'done']);
});

test('in a full queue the busiest address makes room', async () => {
  const turns = new PasswordTurns({ concurrent: 1, waiting: 2 });
  const { work, finish } = gate();
  const run = (address: string) => refusal(turns.run('strangers', address, work('')));
  const answers = [run('a'), run('a'), run('a'), run('b'), run('a')];
  await finish(3);
  expect(await Promise.all(answers)).toEqual(['done', 'done', 'ResourceExhausted', 'done', 'ResourceExhausted']);
});

test('a caller that goes away gives its place back', async () => {
  const turns = new PasswordTurns({ concurrent: 1, waitingOfAddress: 1 });
  const { began, work, finish } = gate();
  const run = (name: string, signal?: AbortSignal) => refusal(turns.run('strangers', 'a', work(name), signal));
  const gone = new AbortController();
  const [first, second] = [run('first'), run('second', gone.signal)];
  await finish(0);
  gone.abort();
  expect(await second).toBe('DeadlineExceeded');
  expect(await run('before', gone.signal)).toBe('DeadlineExceeded');
  const third = run('third');
  await finish(2);
  expect([await first, await third, began]).toEqual(['done', 'done', ['first', 'third']]);
});

test('places are taken for whole logins, before anything is looked up, and given back once', () => {
  const turns = new PasswordTurns({ concurrent: 1 });
  const leaves = Array.from({ length: 320 }, () => turns.admit('192.0.2.1'));
  expect(() => turns.admit('192.0.2.1')).toThrow('Too many logins at once');
  turns.admit('192.0.2.2');
  leaves[0]!();
  leaves[0]!();
  turns.admit('192.0.2.1');
  expect(() => turns.admit('192.0.2.1')).toThrow('Too many logins at once');
});
