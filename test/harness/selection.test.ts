import { choose, wholeNumber } from './selection';

const items = [
  { name: 'long Pattern', kind: 'time' },
  { name: 'half-sent', kind: 'memory' },
];
const how = { what: 'thing', labels: ({ name, kind }: { name: string; kind: string }) => [kind, name] };

test('names match by a part, whatever the case; what matches nothing names what there is', () => {
  expect(choose(items, 'PATT', how)).toEqual([items[0]]);
  expect(choose(items, 'Memory', how)).toEqual([items[1]]);
  expect(choose(items, undefined, how)).toEqual(items);
  expect(() => choose(items, 'nope', how)).toThrow(
    /no thing has "nope".*\n {2}time: long Pattern\n {2}memory: half-sent/,
  );
});

test.each(['', '-1', '1.5', 'x', '0', '9'.repeat(10)])('%p is no number of anything', (text) => {
  expect(() => wholeNumber('seeds', text, 1)).toThrow(`--seeds takes a whole number from 1, not "${text}"`);
});
