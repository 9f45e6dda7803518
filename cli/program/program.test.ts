import fc from 'fast-check';
import { parseAs } from '../testing/parse';
import { valueOf, type Command, type Flag } from '../core/command';
import { asksForHelp, readCommandLine } from './command-line';
import { UsageError } from '../io/errors';
import { locate, parse, readLine, type Call } from './program';

const FLAGS = [
  { name: 'scope-id', type: 'string', default: 'global', env: 'SCOPE_ID', description: '' },
  { name: 'addr', type: 'string', default: 'http://d', env: 'ADDR', emptyIsUnset: true, description: '' },
  { name: 'recursive', type: 'bool', env: 'RECURSIVE', description: '' },
  { name: 'limit', type: 'int', default: '7', env: 'LIMIT', description: '' },
  { name: 'port', type: 'uint', max: 65_535, description: '' },
  { name: 'wait', type: 'duration', default: '5s', description: '' },
  { name: 'host', type: 'list', description: '' },
  { name: 'filter', type: 'string', description: '' },
  { name: 'id', type: 'string', description: '' },
  { name: 'no-clobber', type: 'bool', description: '' },
  { name: 'version', type: 'uint', default: '0', description: '' },
  { name: 'o', type: 'string', description: '' },
  { name: 'idle', type: 'string', env: 'IDLE', noEffect: 'it does nothing.', description: '' },
] as const satisfies readonly Flag[];

type Values = { [F in (typeof FLAGS)[number] as F['name']]: unknown };

const call = (words: readonly string[], env: NodeJS.ProcessEnv = {}, more: Partial<Command> = {}): Call =>
  parseAs(FLAGS, words, env, more);

const values = (words: readonly string[], env: NodeJS.ProcessEnv = {}, more: Partial<Command> = {}): Values =>
  call(words, env, more).args as Values;

test('a flag may be given any number of times; yargs, which would copy the list each time, sees it once', () => {
  const many = Array.from({ length: 150_000 }, (_, n) => String(n));
  const words = [...many.flatMap((n) => ['-host', n]), '-filter', 'a', '-filter', 'b'];
  expect(readCommandLine(words, FLAGS).words).toEqual(['--host=0', '--filter=a']);
  expect(values(words)).toMatchObject({ host: many, filter: 'b' });
});

test.each([
  [['-nope', 'extra'], /not defined: -nope/],
  [['extra', '-nope'], /unexpected word "extra"/],
  [['-nope', '---bad'], /not defined: -nope/],
  [['---bad', '-nope'], /bad flag syntax: ---bad/],
  [['-nope', '-filter'], /not defined: -nope/],
  [['-limit=x', '-nope'], /not defined: -nope/],
])('of several faults of %p the first one is told, flags before values', (words, message) => {
  expect(() => values(words)).toThrow(message);
});

const WITH_ALIAS = { alias: 'id' };

test.each([
  [['-scope-id=o_1']],
  [['-scope-id', 'o_1']],
  [['--scope-id', 'o_1']],
  [['--scope-id=o_1']],
  [['-scope-id', 'p_1', '-scope-id=o_1']],
  [['-scope-id', 'p_1', '-scope-id', 'q_1', '--scope-id', 'o_1']],
])('%p gives the scope', (words) => {
  expect(values(words)['scope-id']).toBe('o_1');
});

test.each([
  ['-1'],
  [''],
  ['-'],
  ['--'],
  ['-host'],
  ['--version'],
  ['-scope-id=x'],
  ['"/item/name" == "web"'],
  ['"a"'],
  ["'a'"],
  ['a\nb'],
  ['-a\n--filter=b'],
  ['=x'],
  ['a=b=c'],
  ['a,b'],
  ['a.b'],
  ['0123'],
  ['1e3'],
  ['true'],
  ['null'],
  ['list'],
  ['__proto__'],
  [' padded '],
  ['{"a":[1]}'],
])('the value %p arrives as it is, behind a space or an equal sign', (value) => {
  for (const words of [
    ['-filter', value],
    ['--filter', value],
    [`-filter=${value}`],
    [`--filter=${value}`],
    ['-filter', 'before', '-filter', value],
  ])
    expect(values([...words, '-limit', '3'])).toMatchObject({ filter: value, limit: 3 });
});

test('any value of any flag arrives as it is, in any order and beside any others', () => {
  const names = ['filter', 'scope-id', 'o', 'host'] as const;
  const given = fc.tuple(fc.constantFrom(...names), fc.string(), fc.constantFrom('-', '--'), fc.boolean());
  fc.assert(
    fc.property(fc.array(given), (all) => {
      const words = all.flatMap(([name, value, dashes, isInline]) =>
        isInline ? [`${dashes}${name}=${value}`] : [dashes + name, value],
      );
      const of = (name: string): string[] => all.filter(([other]) => other === name).map(([, value]) => value);
      const { args, line } = call(words);
      expect(args).toMatchObject({
        filter: of('filter').at(-1) ?? '',
        o: of('o').at(-1) ?? '',
        'scope-id': of('scope-id').at(-1) ?? 'global',
        host: of('host').map((value) => value.trim()),
      });
      expect(line.inOrder(...FLAGS)).toEqual(all.map(([name, text]) => ({ name, text })));
    }),
  );
});

test('any words at all are read, or refused as a mistake of the command line', () => {
  const word = fc.oneof(
    fc.constantFrom(
      ...FLAGS.map(({ name }) => `-${name}`),
      '--',
      '-',
      '-recursive=F',
      '-_',
      '-$0',
      '---',
      '--no-clobber',
    ),
    fc.string(),
    fc.string().map((text) => `-${text}`),
  );
  fc.assert(
    fc.property(fc.array(word), fc.boolean(), (words, alias) => {
      try {
        const { args } = call(words, {}, alias ? WITH_ALIAS : {});
        expect(Object.keys(args).sort()).toEqual(FLAGS.map(({ name }): string => name).sort());
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
  );
});

test('numbers', () => {
  expect(values(['-limit', '-1']).limit).toBe(-1);
  expect(values(['-limit', '0x10']).limit).toBe(16);
  expect(values(['-version', '3']).version).toBe(3);
  expect(values(['-wait', '1m']).wait).toBe(60_000);
  expect(values([])).toMatchObject({ limit: 7, port: undefined, wait: 5_000, host: [], filter: '', recursive: false });
});

test('booleans never take the next word', () => {
  expect(values(['-recursive', '-scope-id', 'o_1'])).toMatchObject({ recursive: true, 'scope-id': 'o_1' });
  expect(values(['-recursive=F', '--no-clobber'])).toMatchObject({ recursive: false, 'no-clobber': true });
  expect(values(['-recursive', '-recursive=0']).recursive).toBe(false);
});

test('lists keep each occurrence, trimmed, with its commas and quotes', () => {
  expect(values(['-host', ' a,b ', '-host="c"', '-host', '-d']).host).toEqual(['a,b', '"c"', '-d']);
  expect(values(['-host', 'a']).host).toEqual(['a']);
});

test('words behind -- are for the program that is started', () => {
  const { args, rest } = call(['-scope-id', 'o_1', '--', '-nope', '--', 'read'], {}, { passthrough: true });
  expect({ args, rest }).toMatchObject({ args: { 'scope-id': 'o_1' }, rest: ['-nope', '--', 'read'] });
  expect(() => call(['--', '-scope-id', 'o_1'])).toThrow(
    new UsageError('unexpected word "-scope-id" behind --: "things list" starts no program'),
  );
  expect(call(['--']).rest).toEqual([]);
});

test.each([
  [['db.example']],
  [['db.example', '-scope-id', 'o_1']],
  [['-scope-id', 'o_1', 'db.example']],
  [['-recursive', 'db.example', '-scope-id', 'o_1']],
])('%p: the alias is the id', (words) => {
  expect(values(words, {}, WITH_ALIAS).id).toBe('db.example');
  expect(
    values(
      words.map((word) => word.replace('db.example', 'read')),
      {},
      WITH_ALIAS,
    ).id,
  ).toBe('read');
});

test.each<[string[], string, Partial<Command>?]>([
  [['-nope'], 'flag provided but not defined: -nope'],
  [['-nope', 'x', 'y'], 'flag provided but not defined: -nope'],
  [['-scope-di=1'], 'flag provided but not defined: -scope-di; did you mean -scope-id?'],
  [['-nope', '-limit'], 'flag provided but not defined: -nope'],
  [['-id\nx'], 'flag provided but not defined: -id\nx'],
  [['-_', 'x'], 'flag provided but not defined: -_; did you mean -o?'],
  [['-$0=x'], 'flag provided but not defined: -$0'],
  [['-__proto__=x'], 'flag provided but not defined: -__proto__'],
  [['-target-alias=x'], 'flag provided but not defined: -target-alias', WITH_ALIAS],
  [['-get-yargs-completions'], 'flag provided but not defined: -get-yargs-completions'],
  [['-help=x'], 'flag provided but not defined: -help'],
  [['-no-recursive'], 'flag provided but not defined: -no-recursive; did you mean -recursive?'],
  [['-rf'], 'flag provided but not defined: -rf'],
  [['-scope-id'], 'flag needs an argument: -scope-id'],
  [['-recursive=maybe'], 'invalid boolean value "maybe" for -recursive: parse error'],
  [['-recursive='], 'invalid boolean value "" for -recursive: parse error'],
  [['-limit', 'x'], 'invalid value "x" for flag -limit: not a number'],
  [['-limit', 'x', '-limit', '1'], 'invalid value "x" for flag -limit: not a number'],
  [['-limit='], 'invalid value "" for flag -limit: not a number'],
  [['-port', '-1'], 'invalid value "-1" for flag -port: not a number'],
  [['-port', '65536'], 'invalid value "65536" for flag -port: more than 65535'],
  [['-wait', 'soon'], 'invalid value "soon" for flag -wait: not a duration such as 90s or 1h30m'],
  [['---x'], 'bad flag syntax: ---x'],
  [['-=x'], 'bad flag syntax: -=x'],
  [['-'], 'bad flag syntax: -'],
  [['read'], 'unexpected word "read": what a command works on is named by flags'],
  [['', '-recursive'], 'unexpected word "": what a command works on is named by flags'],
  [
    ['-recursive', 'true'],
    'unexpected word "true" behind -recursive: a boolean takes its value with an equal sign, as -recursive=false',
  ],
  [
    ['-host', 'a', 'b'],
    'unexpected word "b" behind -host: each value needs the flag again, and one with spaces quotes',
  ],
  [['-filter', 'My', 'Org', '-recursive'], 'unexpected word "Org" behind -filter: a value with spaces needs quotes'],
  [['a', 'b'], 'unexpected word "b": one alias is given already', WITH_ALIAS],
  [['a', '-id', 't_1'], 'The alias "a" stands beside the id t_1; give one of them', WITH_ALIAS],
  [['-id', 't_1', 'a'], 'The alias "a" stands beside the id t_1; give one of them', WITH_ALIAS],
  [['x', '--', 'y'], 'unexpected word "x": what a command works on is named by flags', { passthrough: true }],
  [['--', 'x'], 'unexpected word "x" behind --: "things list" starts no program', WITH_ALIAS],
])('%p is refused', (words, message, more = {}) => {
  expect(() => call(words, {}, more)).toThrow(new UsageError(message));
});

test('the command line goes before the environment, that before the default', () => {
  const env = { BOUNDARY_SCOPE_ID: 'b', SALLYPORT_SCOPE_ID: 's', BOUNDARY_LIMIT: '3', BOUNDARY_RECURSIVE: 'true' };
  expect(values(['-scope-id', 'c'], env)['scope-id']).toBe('c');
  expect(values(['-scope-id', ''], env)['scope-id']).toBe('');
  expect(values([], env)).toMatchObject({ 'scope-id': 's', limit: 3, recursive: true });
  expect(values(['-recursive=false', '-limit=4'], env)).toMatchObject({ limit: 4, recursive: false });
  expect(values([], { BOUNDARY_SCOPE_ID: 'b' })['scope-id']).toBe('b');
});

test('a variable that is empty or does not parse is none', () => {
  expect(values([], { SALLYPORT_SCOPE_ID: '', BOUNDARY_SCOPE_ID: 'b' })['scope-id']).toBe('b');
  expect(values([], { SALLYPORT_SCOPE_ID: '', BOUNDARY_SCOPE_ID: '' })['scope-id']).toBe('global');
  expect(values([], { BOUNDARY_LIMIT: 'many' }).limit).toBe(7);
  expect(values(['-addr', ''], { BOUNDARY_ADDR: 'http://e' }).addr).toBe('http://e');
  expect(values(['-addr', '']).addr).toBe('http://d');
});

test('what was said: on the line or in the environment, parsed, without defaults', () => {
  const { line } = call(['-limit', '0x10', '-host', 'a', '-recursive'], {
    BOUNDARY_SCOPE_ID: 'o_1',
    BOUNDARY_IDLE: 'x',
  });
  expect(line.said).toEqual({ limit: 16, host: ['a'], recursive: true, 'scope-id': 'o_1', idle: 'x' });
  expect(line.withoutEffect.map(({ name }) => name)).toEqual(['idle']);
  expect(line.has('limit' as never)).toBe(true);
  expect(line.has('scope-id' as never)).toBe(false);
});

test('what `dev` is told by the environment reaches it as flags, an empty variable not', async () => {
  const route = await locate(['dev', '-api-listen-address', '0.0.0.0:10']);
  const env = {
    SALLYPORT_DEV_CONTROLLER_API_LISTEN_ADDRESS: '1.1.1.1:11',
    SALLYPORT_DEV_CONTROLLER_CLUSTER_LISTEN_ADDRESS: '1.1.1.1:12',
    BOUNDARY_DEV_CONTROLLER_CLUSTER_LISTEN_ADDRESS: '2.2.2.2:13',
    BOUNDARY_DEV_WORKER_PROXY_LISTEN_ADDRESS: '2.2.2.2',
    BOUNDARY_DEV_TARGET_DEFAULT_PORT: '23',
    SALLYPORT_DEV_LOGIN_NAME: '',
    BOUNDARY_LOG_LEVEL: 'info',
  };
  expect(parse(route, readLine(route), env).line.said).toEqual({
    'api-listen-address': '0.0.0.0:10',
    'cluster-listen-address': '1.1.1.1:12',
    'proxy-listen-address': '2.2.2.2',
    'target-default-port': 23,
    'log-level': 'info',
  });
});

test('as many words may stand behind -- as a system passes on', () => {
  const rest = Array.from({ length: 200_000 }, () => 'x');
  expect(call(['-limit', '3', '--', ...rest], {}, { passthrough: true }).rest).toHaveLength(rest.length);
});

test('help is asked for by a word in front of --', () => {
  expect(asksForHelp(['-x', '--help'])).toBe(true);
  expect(asksForHelp(['--', '-h'])).toBe(false);
});

test('a flag that data names is read by its data', () => {
  const context = { args: values(['-limit', '3']) } as never;
  expect(valueOf(context, FLAGS[3])).toBe(3);
});
