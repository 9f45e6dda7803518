/** docs/limits.md says what the code says, and each limit names a test that there is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { declaredLimits, limitsDocument } from './limits-document';
import { read, ROOT } from './tree';

test('docs/limits.md is current', async () => {
  expect(read('docs/limits.md')).toBe(await limitsDocument());
});

test('every limit has a name of its own', async () => {
  const names = (await declaredLimits()).map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

test('every limit has its test', async () => {
  const hasTest = (reference: string): boolean => {
    const [, file = '', title = ''] = /^([^:]+): (.+)$/.exec(reference) ?? [];
    return title !== '' && existsSync(join(ROOT, file)) && read(file).includes(title);
  };
  const without = (await declaredLimits()).filter(({ test }) => !hasTest(test));
  expect(without.map(({ name, test }) => `${name}: ${test}`)).toEqual([]);
});
