import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { compilePattern, PatternRefused } from './pattern';
import { extentOf } from './pattern-extent';

const free = (): void => undefined;
const matches = (pattern: string, subject: string): boolean => compilePattern(pattern, free).test(subject, free);

test.each([
  ['abc', 'xabcx', true],
  ['^abc$', 'abc', true],
  ['^abc$', 'abcd', false],
  ['a.c', 'a\nc', false],
  ['(?s)a.c', 'a\nc', true],
  ['a|b|', '', true],
  ['^(a|bc)+$', 'abcabc', true],
  ['^(?:a|bc){2}$', 'abc', true],
  ['^(?:a|bc){2}$', 'abca', false],
  ['^a{2,3}$', 'aaaa', false],
  ['^a{2,}$', 'aaaa', true],
  ['^a{0}$', '', true],
  ['a{,2}', 'a{,2}', true],
  ['^a*?b+?c??$', 'aabb', true],
  ['(?i)HeLLo', 'say hello', true],
  ['(?i:A)b', 'ab', true],
  ['(?i:A)b', 'aB', false],
  ['x(?i)y', 'xY', true],
  ['(x(?i)y)z', 'xYZ', false],
  ['(?m)^b$', 'a\nb\nc', true],
  ['^b$', 'a\nb\nc', false],
  ['\\bfoo\\b', 'a foo b', true],
  ['\\bfoo\\b', 'afoob', false],
  ['o\\B', 'foo', true],
  ['^[a-c\\d_-]+$', 'b7_-', true],
  ['[^a-c]', 'abc', false],
  ['^[]a]+$', ']a]', true],
  ['^[[:alpha:]]+$', 'abC', true],
  ['^[[:^alpha:]]+$', '1é', true],
  ['^\\w\\W\\d\\D\\s\\S$', 'a-1x y', true],
  ['\\s', '\u00a0', false],
  ['^\\S$', '\u00a0', true],
  ['^\\pL+$', 'äö', true],
  ['^\\p{Greek}+$', 'αβ', true],
  ['^\\PL$', '1', true],
  ['^\\p{^L}$', '1', true],
  ['^\\x41\\x{1F600}$', 'A😀', true],
  ['^.$', '😀', true],
  ['\\Qa.b\\E+', 'a.bb', true],
  ['\\Qa.b\\E', 'axb', false],
  ['\\.', 'a', false],
  ['(?P<name>a)', 'a', true],
  ['\\Aa\\z', 'a', true],
  ['', '', true],
  ['(a*)*b', 'aaab', true],
])('%s on %j is %s', (pattern, subject, expected) => {
  expect(matches(pattern, subject)).toBe(expected);
});

test.each([
  '(',
  ')',
  '[',
  '[a',
  'a**',
  '*',
  '+a',
  '?',
  'a{2,1}',
  'a{1001}',
  '\\',
  '\\1',
  '\\k',
  '(?=a)',
  '(?<!a)',
  '[z-a]',
  '(?P<>a)',
  '[[:nope:]]',
  '\\p{Nope}',
  '\\x',
  '\\x{110000}',
  '((a{100}){100}){100}',
  '('.repeat(200),
])('is broken: %s', (pattern) => {
  expect(() => compilePattern(pattern, free)).toThrow(PatternRefused);
});

describe('is refused before it is compiled', () => {
  test.each([
    ['longer than 512', 'x'.repeat(513)],
    ['more than 2000 repetitions', '(((){1000}){1000}){1000}'],
    ['more than 2000 repetitions', '((((){1000}){1000}){1000}){1000}'],
    ['more than 2000 repetitions', 'x{1000}'.repeat(64)],
    ['more than 2000 repetitions', 'x{1000}x{1000}x{1}'],
    ['more than 2000 repetitions', '(?:(?:a{10}){10}){100}'],
    ['more than 2000 repetitions', '(?:a|[{]|\\{|\\Q{7}\\E|b{2,}){1000}c{0,1000}'],
    // Counts that add up to little, of what is large.
    ['too large', `(?:${'x'.repeat(480)}){1000}`],
    ['too large', '(?:[ab][ab][ab][ab][ab][ab][ab][ab][ab][ab][ab][ab][ab]){999}'],
    ['too large', '\\pL{1000}\\pL{1000}'],
    ['too large', `(?:${'\\pL'.repeat(120)}){30}`],
    ['too large', `[${'\\pL'.repeat(169)}]`],
    ['too large', '\\pL|'.repeat(127)],
    // Other cases of many characters.
    ['too large', `(?i)[${'B-\u{1E942}'.repeat(50)}]`],
    ['too large', `(?i)${'[\\x{42}-\\x{1E942}]'.repeat(4)}`],
    ['too large', `(?mi)${'[^B-\u{1E942}]'.repeat(50)}`],
    ['too large', `(?i:${'[B-\\x{1E942}]'.repeat(4)})`],
  ])('%s: %.60s', (reason, pattern) => {
    const charge = jest.fn();
    expect(() => compilePattern(pattern, charge)).toThrow(reason);
    expect(charge).not.toHaveBeenCalled();
  });

  test.each([
    'x{1000}y{1000}',
    '\\pL{1000}',
    '(?i)[a-z]+@[^@\\x00-\\x1f]{1,64}',
    '\\x{1000}\\x{1000}\\x{1000}',
    '[{1000}]{2}[{1000}][{1000}]',
    '\\Q{1000}{1000}{1000}\\E',
    '\\{1000}\\{1000}\\{1000}',
    'a{,1000}a{,1000}a{,1000}',
    '(?P<a1000>x)',
  ])('and what is not too large is not: %s', (pattern) => {
    expect(typeof matches(pattern, 'x')).toBe('boolean');
  });
});

test('the estimate of a program is not below its size', () => {
  const piece = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(
        'a',
        '.',
        '[ab]',
        '[^]a]',
        '[[:alpha:]\\d]',
        '^',
        '\\b',
        '\\d',
        '\\pL',
        '\\x{61}',
        '\\Qa{9}\\E',
        '{',
        'é',
      ),
      fc.tuple(tie('expression'), tie('expression')).map(([l, r]) => l + r),
      fc.tuple(tie('expression'), tie('expression')).map(([l, r]) => `(${l}|${r})`),
      fc
        .tuple(tie('expression'), fc.constantFrom('*', '+', '?', '{3}', '{2,5}', '{3,}', '{,4}', '{07}'))
        .map(([e, q]) => `(?:${e})${q}`),
      fc
        .tuple(fc.constantFrom('(?i)', '(?s-i:', '(?P<n>', '('), tie('expression'))
        .map(([open, e]) => (open.endsWith(')') ? open + e : `${open}${e})`)),
    ),
  })).expression;
  let compared = 0;
  fc.assert(
    fc.property(piece, (pattern) => {
      const size = sizeOf(pattern);
      if (size === undefined) return;
      compared++;
      const extent = extentOf(pattern);
      // One instruction to match and one to fail are in every program.
      expect(extent.instructions + 3).toBeGreaterThanOrEqual(size);
    }),
    { numRuns: 1_000 },
  );
  expect(compared).toBeGreaterThan(500);
});

/** Instructions of the program that the engine makes; undefined where it refuses. */
function sizeOf(pattern: string): number | undefined {
  let steps: number | undefined;
  try {
    const compiled = compilePattern(pattern, free);
    compiled.test('', (charged) => (steps = charged));
  } catch (error) {
    if (error instanceof PatternRefused) return undefined;
    throw error;
  }
  return steps! / 8 - Math.ceil(extentOf(pattern).parsedRanges / 8);
}

test('a match that would take too long is refused before it begins', () => {
  const charge = jest.fn();
  const letters = compilePattern('\\pL{1000}', free);
  expect(() => letters.test('x'.repeat(8_192), charge)).toThrow(PatternRefused);
  expect(charge).not.toHaveBeenCalled();
  expect(letters.test('x'.repeat(170), charge)).toBe(false);
  expect(charge).toHaveBeenCalledTimes(1);
  expect(compilePattern('data', free).test(`${'x'.repeat(20_000)}data`, charge)).toBe(true);
  expect(() => compilePattern('^(a+)+$', free).test(`${'a'.repeat(131_071)}b`, charge)).toThrow(PatternRefused);
});

test('patterns that stop a backtracking engine do not stop this one', () => {
  expect(matches('^(a+)+$', `${'a'.repeat(8_000)}b`)).toBe(false);
  expect(matches('(x+x+)+y', 'x'.repeat(8_000))).toBe(false);
  expect(matches('(.*)*(.*)*(.*)*=', '-'.repeat(2_000))).toBe(false);
});

test('agrees with JavaScript where the syntax is shared', () => {
  const piece: fc.Arbitrary<string> = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '^', '$', '\\b', '\\d'),
      fc.tuple(tie('expression'), tie('expression')).map(([l, r]) => l + r),
      fc.tuple(tie('expression'), tie('expression')).map(([l, r]) => `(${l}|${r})`),
      fc.tuple(tie('expression'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}')).map(([e, q]) => `(?:${e})${q}`),
    ),
  })).expression;
  fc.assert(
    fc.property(piece, fc.string({ unit: fc.constantFrom('a', 'b', '1', ' '), maxLength: 8 }), (pattern, subject) => {
      expect(matches(pattern, subject)).toBe(new RegExp(pattern, 'u').test(subject));
    }),
    { numRuns: 1000 },
  );
});

test('the engine says what its automaton holds', () => {
  const pattern = compilePattern('a[ab]{30}[xy]', free);
  const before = pattern.bytes();
  pattern.test('abbabaabbbabaabbabababbabba'.repeat(20), free);
  expect(pattern.bytes()).toBeGreaterThan(before);
});

test('the engine is loaded at first use', () => {
  const script = `
    const { compileFilter } = require('./lib/filter/filter');
    const loaded = () => Object.keys(require.cache).some((file) => file.includes('re2js'));
    const filter = compileFilter('a matches "b"');
    const before = loaded();
    process.stdout.write(JSON.stringify([before, filter.evaluate({ a: 'b' }), loaded()]));`;
  const { stdout } = spawnSync(process.execPath, ['-r', 'esbuild-register', '-e', script], { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual([false, true, true]);
});
