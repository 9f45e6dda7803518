import fc from 'fast-check';
import { compileRegex, MAX_SUBJECT, RegexSyntaxError } from './regex';

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
  expect(compileRegex(pattern)(subject)).toBe(expected);
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
  'x'.repeat(513),
  '((a{100}){100}){100}',
  '('.repeat(200),
])('is refused: %s', (pattern) => {
  expect(() => compileRegex(pattern)).toThrow(RegexSyntaxError);
});

test('patterns that stop a backtracking engine do not stop this one', () => {
  expect(compileRegex('^(a+)+$')('a'.repeat(MAX_SUBJECT - 1) + 'b')).toBe(false);
  expect(compileRegex('(x+x+)+y')('x'.repeat(2000))).toBe(false);
  expect(compileRegex('(.*)*(.*)*(.*)*=')('-'.repeat(2000))).toBe(false);
  expect(() => compileRegex('a')('a'.repeat(MAX_SUBJECT + 1))).toThrow(RangeError);
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
      expect(compileRegex(pattern)(subject)).toBe(new RegExp(pattern, 'u').test(subject));
    }),
    { numRuns: 1000 },
  );
});
