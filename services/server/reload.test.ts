import { differences } from './reload';

test('paths of what differs', () => {
  const before = { a: 1, list: [{ x: 1 }, { y: [1, 2] }], gone: true, same: { b: 1 } };
  const after = { a: 2, list: [{ x: 1 }, { y: [1, 3, 4] }, { z: 1 }], same: { b: 1 }, made: {} };
  expect(differences(before, after)).toEqual(['a', 'list[1].y[1]', 'list[1].y[2]', 'list[2]', 'gone', 'made']);
  expect(differences(before, before)).toEqual([]);
});
