import { UsageError } from '../core/errors';
import { parseSearch, searchItems } from './search';

const search = (parameters: Record<string, string>, items: object[]) =>
  searchItems(parseSearch(new URLSearchParams({ resource: 'targets', ...parameters })), () => items as any[]);

test('a search that needs too much work ends with an error, and others have their turns meanwhile', async () => {
  const description = 'ab'.repeat(65_536);
  const items = Array.from({ length: 1_000 }, (_, n) => ({ id: `ttcp_${n}`, description }));
  let turns = 0;
  const other = setInterval(() => turns++, 0);
  try {
    // Each item takes 3,000,000 steps.
    const query = Array(4)
      .fill(`description % "${'ab'.repeat(46)}x"`)
      .join(' or ');
    await expect(search({ query }, items)).rejects.toThrow(UsageError);
    await expect(search({ query }, items)).rejects.toThrow('more work than one may cost (1000000000 steps)');
  } finally {
    clearInterval(other);
  }
  expect(turns).toBeGreaterThan(10);
});

test('filters are evaluated with pauses, and what is found is in order', async () => {
  const items = Array.from({ length: 100 }, (_, n) => ({
    id: `ttcp_${n}`,
    name: `n${n}`,
    created_time: `${1_000 + n}`,
  }));
  const found = await search({ filter: '"/item/name" matches "^n[0-9]$"' }, items);
  expect(found.items.map(({ name }) => name as string)).toEqual(Array.from({ length: 10 }, (_, n) => `n${9 - n}`));
  await expect(search({ filter: 'nope' }, items)).rejects.toThrow('-filter could not be parsed');
});
