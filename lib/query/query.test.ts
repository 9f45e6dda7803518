import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'peggy';
import { Work, WorkExceeded } from '../limits/work';
import { compileQuery, QuerySyntaxError } from './query';

const COLUMNS = ['name', 'type', 'address'];
const rows = [
  { name: 'Web 1', type: 'tcp' },
  { name: 'db', type: 'tcp', address: '10.0.0.1' },
  { name: 'it\'s "x" \\ `y`', type: 'ssh' },
];

const work = () => new Work(10_000, Infinity);

const found = (query: string): number[] => {
  const matches = compileQuery(query, COLUMNS);
  return rows.flatMap((row, at) => (matches((column) => row[column as 'name'], work()) ? [at] : []));
};

test.each([
  ['name = "db"', [1]],
  ['name="DB"', [1]],
  ['name != "db"', [0, 2]],
  ['name % "web"', [0]],
  ["name % 'WEB' or type = `ssh`", [0, 2]],
  ['name % "w" AND type = "tcp"', [0]],
  ['type = "ssh" or type = "tcp" and name = "db"', [1, 2]],
  ['(type = "ssh" or type = "tcp") and name = "db"', [1]],
  ['(name = "db")or(type = "ssh")', [1, 2]],
  ['name = "it\'s \\"x\\" \\\\ `y`"', [2]],
  ['name > "e"', [0, 2]],
  ['name >= "db" and name <= "db"', [1]],
  ['address = "10.0.0.1"', [1]],
  ['address != "10.0.0.1"', []],
  ['address != x', [1]],
  ['name = ""', []],
])('%s', (query, expected) => {
  expect(found(query)).toEqual(expected);
});

test.each([
  '',
  'name',
  'name =',
  'name == "x"',
  '"x" = name',
  'name = "x" and',
  'name = "x" type = "y"',
  '(name = "x"',
  'name = "x',
  'name like "x"',
  'nope = "x"',
  'constructor = "x"',
])('%.40s is no query', (query) => {
  expect(() => compileQuery(query, COLUMNS)).toThrow(QuerySyntaxError);
});

test('an unknown column is named with the known ones', () => {
  expect(() => compileQuery('nope = 1', COLUMNS)).toThrow(/"nope".*name, type, address/);
});

test('size and nesting are bounded', () => {
  const nested = (depth: number): string => `${'('.repeat(depth)}name = "db"${')'.repeat(depth)}`;
  expect(found(nested(50))).toEqual([1]);
  expect(() => compileQuery(nested(51), COLUMNS)).toThrow('nest deeper than 50');
  expect(found(`name = "${'x'.repeat(8_192 - 9)}"`)).toEqual([]);
  expect(() => compileQuery(`name = "${'x'.repeat(8_192 - 8)}"`, COLUMNS)).toThrow('longer than 8192');
  // A quote that is never closed is looked through once.
  expect(() => compileQuery(`"${'\\"'.repeat(4_000)}`, COLUMNS)).toThrow(QuerySyntaxError);
});

test('what a comparison costs grows with its texts', () => {
  const matches = compileQuery('name % "xxxxxxxxxxxxxxx"', COLUMNS);
  const spent = (length: number): number => {
    const all = new Work(1_000_000, Infinity);
    matches(() => 'x'.repeat(length), all);
    return all.steps;
  };
  expect(spent(1_600) - spent(0)).toBe(1_600);
  expect(() => matches(() => 'x'.repeat(16_000), work())).toThrow(WorkExceeded);
});

test('brackets in texts do not count', () => {
  expect(found(`name = "${'('.repeat(100)}"`)).toEqual([]);
});

test('the committed parser is what the grammar gives', () => {
  const grammar = readFileSync(join(__dirname, 'query.peggy'), 'utf8');
  const committed = readFileSync(join(__dirname, 'query-parser.js'), 'utf8');
  const body = (text: string): string => text.slice(text.indexOf('class peg$SyntaxError'));
  expect(body(generate(grammar, { output: 'source', format: 'commonjs' }))).toBe(body(committed));
});
