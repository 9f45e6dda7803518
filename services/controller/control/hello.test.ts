import { tagsOf } from './hello';

test('of the tags that a worker says it has, so many are taken', () => {
  const values = (from: number) => ({ values: Array.from({ length: 600 }, (_, i) => `V${from + i}`) });
  const tags = tagsOf({ config_tags: { A: values(0), b: values(600), c: values(1_200) } });
  expect(Object.entries(tags).map(([key, of]) => [key, of.length])).toEqual([
    ['a', 600],
    ['b', 400],
  ]);
});
