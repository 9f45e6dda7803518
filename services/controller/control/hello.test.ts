import { tagsOf } from './hello';

test('of the tags that a worker says it has, so many are taken', () => {
  const values = (from: number) => ({ values: Array.from({ length: 600 }, (_, i) => `V${from + i}`) });
  const tags = tagsOf({ config_tags: { A: values(0), b: values(600), c: values(1_200) } });
  expect(Object.entries(tags).map(([key, of]) => [key, of.length])).toEqual([
    ['a', 600],
    ['b', 400],
  ]);
});

test('of long tags so many bytes are taken, and no half characters', () => {
  const long = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => String(from + i).padStart(1_000, 'x'));
  const tags = tagsOf({ config_tags: { k: { values: long(1_000, 40) }, empty: { values: [] }, e: { values: ['x'] } } });
  // 16 KiB of values that are cut to 512 characters, with their key; those that are equal then
  // count once.
  expect(tags).toEqual({ k: ['x'.repeat(512)], e: ['x'] });
  const different = Array.from({ length: 40 }, (_, i) => String(i).padEnd(600, 'x'));
  expect(tagsOf({ config_tags: { k: { values: different }, e: { values: ['x'] } } })['k']).toHaveLength(31);
  expect(tagsOf({ config_tags: { k: { values: [`${'x'.repeat(511)}😀`] } } })).toEqual({ k: ['x'.repeat(511)] });
});
