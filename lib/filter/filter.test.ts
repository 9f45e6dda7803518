import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import peggy from 'peggy';
import { Work, WorkExceeded } from '../limits/work';
import { compileFilter, FilterSyntaxError } from './filter';

const matches = (text: string, input: unknown): boolean => compileFilter(text).evaluate(input) === true;

const item = {
  item: {
    name: 'alpha',
    description: '',
    version: 1,
    is_primary: true,
    ratio: 1.5,
    nothing: null,
    scope: { id: 'p_1', type: 'project' },
    authorized_actions: ['read', 'no-op'],
    mixed: ['x', 7, true],
    tags: { type: ['dev', 'local'], 'a/b': ['c'] },
    'odd~key': 'v',
    empty_list: [],
    empty_map: {},
    rows: [{ a: 1 }, { a: 2 }],
  },
};

const cases: [string, boolean][] = [
  ['"/item/name" == "alpha"', true],
  ['"/item/name"=="alpha"', true],
  ['  "/item/name" != "alpha"  ', false],
  ['item.name == alpha', true],
  ['item.name == `alpha`', true],
  ['item["name"] == "alpha"', true],
  ['"/item/name" contains "lp"', true],
  ['"/item/name" not contains "lp"', false],
  ['"lp" in "/item/name"', true],
  ['lp in item.name', true],
  ['"lp" not in "/item/name"', false],
  ['"/item/name" matches "^al"', true],
  ['"/item/name" not matches "^al"', false],
  ['"/item/name" matches "("', false],
  ['"/item/name" not matches "("', false],
  ['"/item/description" is empty', true],
  ['"/item/name" is not empty', true],
  ['"/item/version" == 1', true],
  ['"/item/version" == "1"', true],
  ['"/item/version" == 1.0', true],
  ['"/item/version" == -1', false],
  ['"/item/version" == "x"', false],
  ['"/item/version" != "x"', false],
  ['"/item/ratio" == 1.5', true],
  ['"/item/is_primary" == true', true],
  ['"/item/is_primary" == "f"', false],
  ['"/item/is_primary" == "maybe"', false],
  ['"/item/version" is empty', false],
  ['"/item/version" contains "1"', false],
  ['"/item/scope" == "x"', false],
  ['"/item/scope/id" == "p_1"', true],
  ['"/item/scope" contains "type"', true],
  ['"id" in "/item/scope"', true],
  ['"read" in "/item/authorized_actions"', true],
  ['"/item/authorized_actions" contains "write"', false],
  ['"/item/authorized_actions/1" == "no-op"', true],
  ['item.authorized_actions.0 == read', true],
  ['"/item/authorized_actions/9" == "no-op"', false],
  ['"/item/authorized_actions/9" != "no-op"', false],
  ['7 in item.mixed', true],
  ['true in item.mixed', true],
  ['8 not in item.mixed', true],
  ['"dev" in "/item/tags/type"', true],
  ['"c" in "/item/tags/a~1b"', true],
  ['"/item/odd~0key" == "v"', true],
  ['"/item/empty_list" is empty', true],
  ['"/item/empty_map" is empty', true],
  ['"/item/name/deeper" == "x"', false],
  ['"/item/name/deeper" != "x"', false],
  ['any item.authorized_actions as x { x == "read" }', true],
  ['all item.authorized_actions as x { x == "read" }', false],
  ['all item.authorized_actions as i, x { i != 7 and x is not empty }', true],
  ['any item.authorized_actions as _, x { x == "no-op" }', true],
  ['any item.authorized_actions as i, _ { i == 1 }', true],
  ['any item.scope as k { k == "type" }', true],
  ['any item.scope as k, v { k == "type" and v == "project" }', true],
  ['any item.rows as r { r.a == 2 }', true],
  ['any item.rows as r { "/r/a" == 3 }', false],
  ['any item.rows as r { any item.authorized_actions as x { r.a == 1 and x == "read" } }', true],
  ['any item.nope as x { x == "read" }', false],
  ['all item.nope as x { x == "read" }', true],
  ['any item.empty_list as x { x == "read" }', false],
  ['all item.empty_list as x { x == "read" }', true],
  ['any item.name as x { x == "a" }', false],
  ['not (any item.authorized_actions as x { x == "read" })', false],
  ['item.name == x or item.version == 1', true],
  ['item.name == alpha and item.version == 2', false],
  ['item.name == x or item.name == alpha and item.version == 1', true],
  ['(item.name == x or item.name == alpha) and item.version == 2', false],
  ['not item.name == alpha', false],
  ['not not item.name == alpha', true],
  ['not item.name == alpha or item.version == 1', true],
  ['item.name == x or any item.authorized_actions as a { a == read }', true],
  ['((((item.name == alpha))))', true],
  ['item.name == "al\\x70ha"', true],
  ['item.name == "\\u0061lpha"', true],
];

test.each(cases)('%s is %s', (text, expected) => {
  expect(matches(text, item)).toBe(expected);
});

test.each([
  ['==', false],
  ['in', false],
  ['contains', false],
  ['is not empty', false],
  ['matches', false],
  ['!=', true],
  ['not in', true],
  ['not contains', true],
  ['is empty', true],
  ['not matches', true],
])('a missing key: %s gives %s', (operator, expected) => {
  for (const path of ['"/item/nope"', '"/nope/deeper"', 'item.nothing']) {
    const text =
      operator.endsWith('in') && operator !== 'contains' && !operator.includes('contain')
        ? `"x" ${operator} ${path}`
        : operator.startsWith('is')
          ? `${path} ${operator}`
          : `${path} ${operator} "x"`;
    expect({ text, result: matches(text, item) }).toEqual({ text, result: expected });
  }
});

test.each([
  'nonsense',
  '==',
  '"/item/name" ==',
  '"/item/name" > "a"',
  '"/item/name" == "a" AND "/item/version" == 1',
  '"/item/name" is nil',
  '"/item/name" "alpha"',
  '(',
  '   ',
  '',
  '""',
  'item.name contains"x"',
  'item.name == "x" and any item.rows as r { r.a == 1 }',
  'not any item.rows as r { r.a == 1 }',
  'item.name == "unclosed',
  'item.name == 01',
  '"/item/name" == "\\q"',
])('is refused: %s', (text) => {
  expect(() => compileFilter(text)).toThrow(FilterSyntaxError);
});

test.each([
  ['nope', '1:5 (4): no match found, expected: "!=", ".", "==", "[", [ \\t\\r\\n] or [a-zA-Z0-9_/]'],
  ['a is nil', '1:6 (5): no match found, expected: "empty", "not" or [ \\t\\r\\n]'],
  ['a == 1\nand', '2:4 (10): no match found, expected: [ \\t\\r\\n]'],
  ['"/ä" == x or ', '1:14 (14): no match found, expected: '],
])('the refusal of %j tells the place and what could have stood there', (text, reason) => {
  expect(() => compileFilter(text)).toThrow(reason);
});

test('size and nesting are limited', () => {
  const long = (length: number): string => `item.name == "${'x'.repeat(length - 15)}"`;
  expect(matches(long(8_192), item)).toBe(false);
  expect(() => compileFilter(long(8_193))).toThrow(/longer than 8192/);
  expect(() => compileFilter('('.repeat(51) + 'a == 1' + ')'.repeat(51))).toThrow(/nest/);
  expect(matches('('.repeat(50) + 'item.version == 1' + ')'.repeat(50), item)).toBe(true);
  expect(matches('not '.repeat(2000) + 'a == 1', {})).toBe(false);
  // A quote that is never closed is looked through once.
  expect(() => compileFilter(`"${'\\"'.repeat(4_000)}`)).toThrow(FilterSyntaxError);
});

describe('work', () => {
  const spent = (text: string, input: unknown): number => {
    const work = new Work(Infinity, Infinity);
    compileFilter(text).evaluate(input, work);
    return work.steps;
  };

  test('is charged by what is looked at', () => {
    const once = spent('a == 1', { a: 1 });
    expect(spent('a == 1 or a == 1', { a: 2 })).toBe(2 * once);
    expect(spent('a contains "abcdefghabcdefgh"', { a: 'x'.repeat(100) })).toBe(once + 100);
    expect(spent('"x" in a', { a: ['y', 7, {}] })).toBeGreaterThan(spent('"x" in a', { a: [] }));
    const each = spent('any a as x { x == 7 }', { a: [1, 2, 3] }) - spent('any a as x { x == 7 }', { a: [1, 2] });
    expect(each).toBeGreaterThan(once);
    const compiled = spent('a matches "b{500}"', { a: '' });
    expect(compiled).toBeGreaterThan(500 * 100);
    // Eight steps for each instruction and character.
    expect(spent('a matches "b{500}"', { a: 'x'.repeat(100) }) - compiled).toBeCloseTo(100 * 502 * 8, -4);
  });

  test('beyond that of the request ends it with an error', () => {
    const filter = compileFilter('a matches "b"');
    expect(() => filter.evaluate({ a: 'b' }, new Work(100, Infinity))).toThrow(WorkExceeded);
  });

  test('a regular expression that is too large is told; a broken one matches nothing, as clients know it', () => {
    expect(() => compileFilter(`a matches "${'x'.repeat(513)}"`)).toThrow(/"x{30}…" is longer than 512 characters/);
    expect(() => compileFilter('not a matches "\\\\pL{1000}\\\\pL{1000}"')).toThrow(FilterSyntaxError);
    for (const broken of ['(', 'x{1001}', '(((){1000}){1000}){1000}']) {
      expect(compileFilter(`a matches "${broken}"`).evaluate({ a: 'x' })).toBeUndefined();
    }
  });

  test('an evaluation has a limit of its own', () => {
    const many = Array.from({ length: 400 }, (_, i) => i);
    const nested = compileFilter('any xs as a { any xs as b { any xs as c { a == "-1" } } }');
    const work = new Work(Infinity, Infinity);
    expect(nested.evaluate({ xs: many }, work)).toBeUndefined();
    expect(work.steps).toBeLessThan(3_001_000);
    const needle = compileFilter(`a contains "${'a'.repeat(4_000)}b${'a'.repeat(4_000)}"`);
    expect(needle.evaluate({ a: 'a'.repeat(131_072) })).toBeUndefined();
    expect(matches('a contains "ab"', { a: `${'a'.repeat(131_072)}b` })).toBe(true);
    // Nor do many expressions make one evaluation long.
    const patterns = Array.from({ length: 300 }, (_, i) => `a matches "[ab]{${300 + i}}x"`).join(' or ');
    expect(compileFilter(patterns).evaluate({ a: 'a'.repeat(600) })).toBeUndefined();
  });

  test('regular expressions are compiled with pauses between them', async () => {
    let pauses = 0;
    const work = new Work(Infinity, 100_000, () => {
      pauses++;
      return Promise.resolve();
    });
    const filter = compileFilter([1, 2, 3].map((i) => `a matches "x{${1_000 + i}}|y{1000}"`).join(' or '));
    await filter.prepare(work);
    expect(pauses).toBe(0);
    const larger = compileFilter([1, 2, 3].map((i) => `a matches "x{${900 + i}}"`).join(' or '));
    await larger.prepare(work);
    expect(pauses).toBe(3);
    const compiled = work.steps;
    await larger.prepare(work);
    expect(work.steps).toBe(compiled);
  });

  test('what regular expressions hold is given up', async () => {
    // Each subject leads to states that no other has had.
    const filter = compileFilter('a matches "\\\\pL\\\\PN{30}[!?]"');
    const work = new Work(Infinity, Infinity);
    let compilations = 0;
    let seed = 1;
    for (let i = 0; i < 12; i++) {
      const before = work.steps;
      await filter.prepare(work);
      if (work.steps > before) compilations++;
      const words = Array.from({ length: 200 }, () => 'a -\n'[(seed = (seed * 16_807) % 2_147_483_647) % 4]);
      filter.evaluate({ a: words.join('') }, work);
    }
    expect(compilations).toBeGreaterThan(1);
    expect(compilations).toBeLessThan(12);
  });
});

test('keys of the prototype are not there', () => {
  expect(matches('item.constructor is empty', item)).toBe(true);
  expect(matches('"__proto__" in item.scope', item)).toBe(false);
});

test('never throws anything but a syntax error, on any text and any value', () => {
  const words = [
    'item',
    '"/item/name"',
    '==',
    '!=',
    'in',
    'not',
    'and',
    'or',
    '(',
    ')',
    'is',
    'empty',
    'any',
    'as',
    'x',
    '{',
    '}',
    '"v"',
    '1',
    'matches',
    '"[a"',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 14 }), fc.jsonValue(), (tokens, value) => {
      try {
        expect([true, false, undefined]).toContain(compileFilter(tokens.join(' ')).evaluate({ item: value }));
      } catch (error) {
        expect(error).toBeInstanceOf(FilterSyntaxError);
      }
    }),
    { numRuns: 500 },
  );
});

test('the committed parser is the one the grammar gives', () => {
  const grammar = readFileSync(join(__dirname, 'filter.peggy'), 'utf8');
  const committed = readFileSync(join(__dirname, 'filter-parser.js'), 'utf8');
  const code = peggy.generate(grammar, { output: 'source', format: 'commonjs' });
  const body = (text: string): string => text.slice(text.indexOf('"use strict"')).trim();
  expect(body(committed)).toBe(body(code));
});
