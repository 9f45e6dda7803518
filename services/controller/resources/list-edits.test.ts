/** What an action changes of a list, and that long lists are not compared each with each. */
import { sameSet } from './fields';
import { listChanges, without } from './list-edits';

const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `u_${from + i}`);

test('set adds what is not there and removes what is not wanted; add and remove take what they are given', () => {
  expect(listChanges('set', ['a', 'b', 'c'], ['d', 'b'])).toEqual({ added: ['d'], removed: ['a', 'c'] });
  expect(listChanges('add', ['a'], ['a', 'b'])).toEqual({ added: ['a', 'b'], removed: [] });
  expect(listChanges('remove', ['a'], ['a', 'b'])).toEqual({ added: [], removed: ['a', 'b'] });
});

test('lists name the same in any order', () => {
  expect(sameSet(['a', 'b'], ['b', 'a'])).toBe(true);
  expect(sameSet(['a', 'b'], ['a', 'c'])).toBe(false);
  expect(sameSet(['a'], ['a', 'b'])).toBe(false);
});

/** A list that counts how often one of its elements is read. */
function counted(values: string[]): { list: string[]; reads: () => number } {
  let reads = 0;
  const list = new Proxy(values, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  return { list, reads: () => reads };
}

test.each([
  ['the changes of a set', (a: string[], b: string[]) => listChanges('set', a, b)],
  ['what is only in one', without],
  ['whether they are the same', sameSet],
])('each element of two long lists is looked at a few times, not once for each of the other: %s', (_, compare) => {
  const [current, wanted] = [counted(ids(0, 2_000)), counted(ids(1_000, 3_000))];
  compare(current.list, wanted.list);
  expect(current.reads()).toBeLessThanOrEqual(2 * 2_000);
  expect(wanted.reads()).toBeLessThanOrEqual(2 * 2_000);
});
