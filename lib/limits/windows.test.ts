import { localWindows, type Windows, type WindowSpec } from './windows';

const window = (key: string, limit = 10, more: Partial<WindowSpec> = {}): WindowSpec => ({
  key,
  limit,
  strangersLimit: limit,
  periodMs: 1_000,
  ...more,
});
const take = (windows: Windows, key: string, holder?: string, now = 0): string =>
  windows.take([window(key)], holder, now).outcome;

test('counts in all windows or in none, and says which is used up', () => {
  const windows = localWindows(10);
  const specs = [window('a', 1), window('all', 5, { fixed: true })];
  expect(windows.take(specs, undefined, 0)).toEqual({
    outcome: 'taken',
    states: [
      { used: 1, endsAt: 1_000 },
      { used: 1, endsAt: 1_000 },
    ],
  });
  expect(windows.take(specs, undefined, 400)).toEqual({ outcome: 'used up', at: 0, endsAt: 1_000 });
  expect(windows.take([specs[1]!], undefined, 400)).toMatchObject({ states: [{ used: 2 }] });
  expect(windows.take(specs, undefined, 1_000)).toMatchObject({ states: [{ used: 1 }, { used: 1 }] });
});

test('strangers share a part, holders the whole', () => {
  const windows = localWindows(10);
  const shared = [window('all', 4, { strangersLimit: 2, fixed: true })];
  const outcomes = ['', '', '', 'x', 'x', 'x'].map((holder) => windows.take(shared, holder || undefined, 0).outcome);
  expect(outcomes).toEqual(['taken', 'taken', 'used up', 'taken', 'taken', 'used up']);
});

test('in a full table windows of strangers give way, those with the fewest uses first; those of holders stay', () => {
  const windows = localWindows(10);
  for (let i = 0; i < 3; i++) take(windows, 'busy');
  take(windows, 'held', 'holder');
  for (let i = 0; i < 50; i++) expect(take(windows, `invented ${i}`)).toBe('taken');
  expect(windows.size).toBe(10);
  expect(windows.take([window('busy')], undefined, 0)).toMatchObject({ states: [{ used: 4 }] });
  expect(windows.take([window('held')], 'holder', 0)).toMatchObject({ states: [{ used: 2 }] });
  expect(windows.take([window('invented 0')], undefined, 0)).toMatchObject({ states: [{ used: 1 }] });
});

test('a window that is used up gives way to holders alone', () => {
  const windows = localWindows(2);
  const once = (key: string, holder?: string) => windows.take([window(key, 1)], holder, 0).outcome;
  expect([once('a'), once('b')]).toEqual(['taken', 'taken']);
  expect([once('c'), once('a'), once('d', 'holder')]).toEqual(['full', 'used up', 'taken']);
  expect([once('a'), once('b'), windows.size]).toEqual(['full', 'used up', 2]);
});

test('a refused act makes no windows, and none of its own windows gives way for another', () => {
  const windows = localWindows(2);
  const act = (token: string, limit: number) => windows.take([window('address', limit), window(token)], undefined, 0);
  expect([act('t1', 3), act('t2', 3), act('t3', 3)].map(({ outcome }) => outcome)).toEqual(['taken', 'taken', 'taken']);
  expect(act('t4', 3)).toMatchObject({ outcome: 'used up', at: 0 });
  expect(windows.size).toBe(2);
  expect(windows.take([window('t3')], undefined, 0)).toMatchObject({ states: [{ used: 2 }] });
});

test('a table full of windows of holders takes no more, until they end', () => {
  const windows = localWindows(1);
  expect(take(windows, 'a', 'first')).toBe('taken');
  expect([take(windows, 'b', 'second'), take(windows, 'c')]).toEqual(['full', 'full']);
  expect(take(windows, 'b', 'second', 1_000)).toBe('taken');
});

test('a holder keeps a part of the table only', () => {
  const windows = localWindows(20);
  for (let i = 0; i < 20; i++) expect(take(windows, `greedy ${i}`, 'greedy')).toBe('taken');
  for (let i = 0; i < 18; i++) expect(take(windows, `other ${i}`, `other ${i}`)).toBe('taken');
  expect(windows.take([window('greedy 1')], 'greedy', 0)).toMatchObject({ states: [{ used: 2 }] });
  expect(take(windows, 'other 18', 'other 18')).toBe('full');
});

test('a claimed window is kept', () => {
  const windows = localWindows(1);
  take(windows, 'a');
  windows.claim([window('a')], 'holder', 0);
  expect(take(windows, 'b')).toBe('full');
});

test('what has ended is cleared away without a look at the rest, and holders get their part back', () => {
  const windows = localWindows(1_000);
  for (let i = 0; i < 500; i++) take(windows, `w${i}`, 'holder');
  for (let i = 0; i < 20; i++) take(windows, `late ${i}`, 'holder', 1_000);
  expect(windows.size).toBe(20);
  for (let i = 0; i < 80; i++) take(windows, `more ${i}`, 'holder', 1_000);
  for (let i = 0; i < 1_000; i++) take(windows, `stranger ${i}`, undefined, 1_000);
  expect(windows.take([window('late 0')], 'holder', 1_000)).toMatchObject({ states: [{ used: 2 }] });
});

test('beginning anew forgets all windows', () => {
  const windows = localWindows(1);
  take(windows, 'a', 'holder');
  windows.reset(2);
  expect([take(windows, 'b', 'holder'), windows.size]).toEqual(['taken', 1]);
});
