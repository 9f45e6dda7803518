/** docs/limits.md says what the code says, and each limit names a test that there is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { declaredLimits, limitsDocument } from './limits-document';
import { read, ROOT } from './tree';
import { EXCEPTIONS, undeclaredLimits } from './undeclared-limits';

test('docs/limits.md is current', () => {
  expect(read('docs/limits.md')).toBe(limitsDocument());
});

test('every limit has a name of its own', () => {
  const names = declaredLimits().map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

test('every limit has its test', () => {
  const hasTest = (reference: string): boolean => {
    const [, file = '', title = ''] = /^([^:]+): (.+)$/.exec(reference) ?? [];
    return title !== '' && existsSync(join(ROOT, file)) && read(file).includes(title);
  };
  const without = declaredLimits().filter(({ test }) => !hasTest(test));
  expect(without.map(({ name, test }) => `${name}: ${test}`)).toEqual([]);
});

test('numbers whose names say that they are limits are declared, or have a reason not to be', () => {
  expect(undeclaredLimits().sort()).toEqual(Object.values(EXCEPTIONS).flat().sort());
});
