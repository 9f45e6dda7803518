import { asksForHelp, formatOf, parseArgv } from './argv';
import type { Flag } from './command';
import { UsageError } from './errors';
import type { Values } from './values';

const FLAGS: Flag[] = [
  { name: 'scope-id', type: 'string', default: 'global', env: 'SCOPE_ID', description: '' },
  { name: 'addr', type: 'string', default: 'http://d', env: 'ADDR', emptyIsUnset: true, description: '' },
  { name: 'recursive', type: 'bool', env: 'RECURSIVE', description: '' },
  { name: 'limit', type: 'int', default: '7', env: 'LIMIT', description: '' },
  { name: 'port', type: 'uint', max: 65_535, description: '' },
  { name: 'wait', type: 'duration', default: '5s', description: '' },
  { name: 'host', type: 'list', description: '' },
  { name: 'filter', type: 'string', description: '' },
  { name: 'attr', type: 'pairs', description: '' },
];

const parse = (words: string[], env: NodeJS.ProcessEnv = {}, alias = false): Values =>
  parseArgv(words, FLAGS, { env, alias });

test.each([
  [['-scope-id=o_1']],
  [['-scope-id', 'o_1']],
  [['--scope-id', 'o_1']],
  [['--scope-id=o_1']],
  [['-scope-id', 'p_1', '-scope-id=o_1']],
])('%p gives the scope', (words) => {
  expect(parse(words).string('scope-id')).toBe('o_1');
});

test('a value may start with a dash, hold quotes, equal signs and line breaks', () => {
  expect(parse(['-limit', '-1']).int('limit')).toBe(-1);
  expect(parse(['-filter', '"/item/id" == "x"']).string('filter')).toBe('"/item/id" == "x"');
  expect(parse(['-filter="a" == "b"']).string('filter')).toBe('"a" == "b"');
  expect(parse(['-filter', 'a\nb']).string('filter')).toBe('a\nb');
  expect(parse(['-filter', '-host']).list('host')).toEqual([]);
});

test('booleans never take the next word, which ends the flags', () => {
  const values = parse(['-recursive', 'true', '-scope-id', 'o_1']);
  expect(values.bool('recursive')).toBe(true);
  expect(values.string('scope-id')).toBe('global');
  expect(parse(['-recursive=F']).bool('recursive')).toBe(false);
});

test('lists keep each occurrence, trimmed, with its commas', () => {
  expect(parse(['-host', ' a,b ', '-host=c']).list('host')).toEqual(['a,b', 'c']);
});

test('words behind -- are for somebody else', () => {
  const values = parse(['-scope-id', 'o_1', '--', '-nope', '--']);
  expect(values.rest).toEqual(['-nope', '--']);
});

test('the first word is an alias where one is allowed', () => {
  const values = parse(['db.example', '-scope-id', 'o_1'], {}, true);
  expect(values.alias).toBe('db.example');
  expect(values.string('scope-id')).toBe('o_1');
  expect(parse(['-scope-id', 'o_1', 'db.example'], {}, true).alias).toBeUndefined();
});

test.each([
  [['-nope'], 'flag provided but not defined: -nope'],
  [['-scope-di=1'], 'flag provided but not defined: -scope-di; did you mean -scope-id?'],
  [['-scope-id'], 'flag needs an argument: -scope-id'],
  [['-recursive=maybe'], 'invalid boolean value "maybe" for -recursive: parse error'],
  [['-limit', 'x'], 'invalid value "x" for flag -limit: not a number'],
  [['-port', '-1'], 'invalid value "-1" for flag -port: not a number'],
  [['-port', '65536'], 'invalid value "65536" for flag -port: more than 65535'],
  [['-wait', 'soon'], 'invalid value "soon" for flag -wait: not a duration such as 90s or 1h30m'],
  [['-attr', 'x'], 'invalid value "x" for flag -attr: not of the form key=value'],
  [['---x'], 'bad flag syntax: ---x'],
  [['-=x'], 'bad flag syntax: -=x'],
])('%p is refused', (words, message) => {
  expect(() => parse(words)).toThrow(new UsageError(message));
});

test('the command line goes before the environment, that before the default', () => {
  const env = { BOUNDARY_SCOPE_ID: 'b', SALLYPORT_SCOPE_ID: 's', BOUNDARY_LIMIT: '3', BOUNDARY_RECURSIVE: 'true' };
  expect(parse(['-scope-id', 'c'], env).string('scope-id')).toBe('c');
  expect(parse([], env).string('scope-id')).toBe('s');
  expect(parse([], { BOUNDARY_SCOPE_ID: 'b' }).string('scope-id')).toBe('b');
  expect(parse([]).string('scope-id')).toBe('global');
  expect(parse([], env).int('limit')).toBe(3);
  expect(parse([], env).bool('recursive')).toBe(true);
});

test('a variable that is set to nothing is set; one that does not parse is ignored', () => {
  expect(parse([], { SALLYPORT_SCOPE_ID: '', BOUNDARY_SCOPE_ID: 'b' }).string('scope-id')).toBe('');
  expect(parse([], { BOUNDARY_LIMIT: 'many' }).int('limit')).toBe(7);
  expect(parse(['-addr', ''], { BOUNDARY_ADDR: 'http://e' }).string('addr')).toBe('http://e');
});

test('all() has what was given or set, parsed, and no defaults', () => {
  const values = parse(['-limit', '0x10', '-host', 'a', '-recursive'], { BOUNDARY_SCOPE_ID: 'o_1' });
  expect(values.all()).toEqual({ limit: 16, host: ['a'], recursive: true, 'scope-id': 'o_1' });
});

test('help and format are found before flags are parsed', () => {
  expect(asksForHelp(['-x', '--help'])).toBe(true);
  expect(asksForHelp(['--', '-h'])).toBe(false);
  expect(formatOf(['-format', 'json'])).toBe('json');
  expect(formatOf(['--format=JSON', '--', '-format', 'table'])).toBe('JSON');
  expect(formatOf(['-x'])).toBeUndefined();
});
