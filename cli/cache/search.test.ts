import { Work } from '../../lib/limits/work';
import { UsageError } from '../io/errors';
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

test('results are put in order with pauses, and scopes are collected with pauses', async () => {
  const items = Array.from({ length: 20_000 }, (_, n) => ({
    id: `ttcp_${(n * 7_919) % 20_011}`,
    name: `name ${n % 7}`,
    scope_id: `p_${(n * 31) % 20_000}`,
  }));
  for (const parameters of ['resource=targets&sort_by=name', 'resource=implicit-scopes']) {
    let pauses = 0;
    const work = new Work(Infinity, 100_000, () => Promise.resolve(void pauses++));
    const request = parseSearch(new URLSearchParams(`${parameters}&max_result_set_size=-1`));
    const found = (await searchItems(request, (kind) => (kind === 'targets' ? items : []), work)).items;
    expect(pauses).toBeGreaterThanOrEqual(parameters.includes('scopes') ? 60 : 40);
    expect(found).toHaveLength(20_000);
    const keys = found.map(({ id, name }) => `${name as string} ${id as string}`);
    expect(keys).toEqual([...keys].sort());
  }
});
