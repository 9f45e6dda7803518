/**
 * Help of every level against `test/golden/help`. What several commands share stands once, under
 * `shared` there: groups of flags, and in `flags.txt` single flags. A command's file has `<name>`
 * in its place. `UPDATE_GOLDEN=1` writes the files.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nounLoaders } from '../commands';
import { runCli } from '../testing/run';
import type { Command, Flag, FlagGroup } from '../core/command';
import { EXIT } from '../io/errors';
import { typedWords } from './generic';
import { flagHelp, groupHelp } from './help';
import { locate, parse, readLine } from './program';

const GOLDEN = join(__dirname, '..', '..', 'test', 'golden', 'help');
const update = process.env.UPDATE_GOLDEN === '1';

/** Every command with its words. */
async function allCommands(): Promise<{ path: string[]; command: Command }[]> {
  const found: { path: string[]; command: Command }[] = [];
  const visit = async (path: string[], command: Command): Promise<void> => {
    found.push({ path, command });
    for (const [word, load] of Object.entries(command.commands ?? {})) await visit([...path, word], await load());
  };
  for (const [word, load] of Object.entries(nounLoaders)) await visit([word], await load());
  return found;
}

const fileOf = (path: readonly string[]): string => `${['sallyport', ...path].join('-')}.txt`;

interface Used<T> {
  value: T;
  title: string;
  /** Words of the command. */
  path: readonly string[];
}

/**
 * What is used more than once, with a name: its title; that of another with the title names its
 * first command too.
 */
function named<T>(uses: readonly Used<T>[]): Map<T, string> {
  const names = new Map<T, string>();
  for (const { value, title, path } of uses) {
    if (names.has(value) || uses.filter((other) => other.value === value).length === 1) continue;
    names.set(value, [...names.values()].includes(title) ? `${title} of ${path.join(' ')}` : title);
  }
  return names;
}

const visible = ({ flags }: FlagGroup): readonly Flag[] => flags.filter(({ hidden }) => hidden !== true);
const titled = ({ title }: FlagGroup): string => title.toLowerCase();

/**
 * The text with `<name>` for what is shared; what follows one another stands in one paragraph with
 * its title.
 */
function withMarks(text: string, names: ReadonlyMap<string, string>): string {
  let marked = text;
  for (const [shared, name] of names) marked = marked.replace(`\n\n${shared}\n`, `\n\n<${name}>\n`);
  const joined = marked.replace(/(?<=>)\n\n(?=<)/g, ' ').replace(/(?<=Options:)\n\n(?=<-)/g, ' ');
  return joined.replace(/^(.* Options: )?<.*>$/gm, (line) =>
    line
      .match(/.{1,100}(?<=>)(?= |$)/g)!
      .map(trim)
      .join('\n'),
  );
}

const trim = (text: string): string => text.trim();

/** A flag that is shared, under its mark where its own name is not that. */
const entry = ([text, name]: readonly [string, string]): string =>
  / of /.test(name) ? `<${name}>\n${text}\n` : `${text}\n`;

test('help of every level is what the golden files say', async () => {
  const commands = await allCommands();
  const groups = commands.flatMap(({ path, command }) =>
    (command.flags ?? []).map((value) => ({ value, title: titled(value), path })),
  );
  const shared = named(groups);
  const single = groups.flatMap(({ value, path }) =>
    shared.has(value) ? [] : visible(value).map((flag) => ({ value: flagHelp(flag), title: `-${flag.name}`, path })),
  );
  const flagNames = named(single);
  const groupNames = new Map([...shared].map(([group, name]) => [groupHelp(group), name]));
  const names = new Map([...groupNames, ...flagNames]);

  const expected = new Map<string, string>();
  for (const [text, name] of groupNames) expected.set(join('shared', `${name.replaceAll(' ', '-')}.txt`), `${text}\n`);
  const flags = [...flagNames].sort(([, a], [, b]) => (a < b ? -1 : 1));
  expected.set(join('shared', 'flags.txt'), flags.map(entry).join('\n'));
  for (const { path, command } of [{ path: [], command: undefined }, ...commands]) {
    const { exit, stdout, stderr } = await runCli([...path, '-h']);
    expect({ path, exit, stdout }).toEqual({ path, exit: 0, stdout: '' });
    for (const group of command?.flags ?? []) expect(stderr).toContain(groupHelp(group));
    expected.set(fileOf(path), withMarks(stderr, names));
  }
  if (update) {
    rmSync(GOLDEN, { recursive: true, force: true });
    mkdirSync(join(GOLDEN, 'shared'), { recursive: true });
    for (const [file, text] of expected) writeFileSync(join(GOLDEN, file), text);
  }
  for (const [file, text] of expected)
    expect({ file, text }).toEqual({ file, text: readFileSync(join(GOLDEN, file), 'utf8') });
  const files = readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.txt'));
  expect(files.sort()).toEqual([...expected.keys()].sort());
});

test('no line of help is wider than 78 columns, examples and synopses aside', async () => {
  for (const { path } of await allCommands()) {
    const { stderr } = await runCli([...path, '-h']);
    const wide = stderr.split('\n').filter((line) => line.length > 78 && !/^ {4}\S/.test(line));
    expect({ path, wide }).toEqual({ path, wide: [] });
  }
});

/** Words of a command line as a shell splits them. */
const shellWords = (text: string): string[] =>
  (text.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));

test('every example names its command and parses', async () => {
  for (const { path, command } of await allCommands())
    for (const example of command.examples ?? []) {
      const route = await locate(typedWords(shellWords(example)));
      expect({ path, example, run: route.command.run !== undefined }).toEqual({ path, example, run: true });
      expect(() => parse(route, readLine(route), {})).not.toThrow();
    }
});

test('no command takes a stray word, wherever it stands, nor one behind -- that no program gets', async () => {
  const refused = {
    exit: EXIT.usage,
    stdout: '',
    stderr: expect.stringMatching(/unexpected word "extra"|There is no command "[\w -]+ extra"/) as string,
  };
  for (const { path, command } of await allCommands()) {
    if (command.run === undefined) continue;
    const alias = command.alias === undefined ? [] : ['db.example'];
    const bool = command.flags?.flatMap(({ flags }): readonly Flag[] => flags).find(({ type }) => type === 'bool');
    const flag = bool === undefined ? [] : [`-${bool.name}`];
    for (const words of [
      [...alias, 'extra', ...flag],
      [...flag, ...alias, 'extra'],
      ...(command.passthrough === true ? [] : [[...alias, '--', 'extra']]),
    ])
      expect({ words: [...path, ...words], ...(await runCli([...path, ...words])) }).toEqual({
        words: [...path, ...words],
        ...refused,
      });
  }
});

test('no command takes an alias beside the id that it stands for', async () => {
  for (const { path, command } of await allCommands())
    for (const words of [
      ['db.example', `-${command.alias}`, 't_1'],
      [`-${command.alias}`, 't_1', 'db.example'],
    ])
      if (command.alias !== undefined)
        expect(await runCli([...path, ...words])).toEqual({
          exit: EXIT.usage,
          stdout: '',
          stderr: 'The alias "db.example" stands beside the id t_1; give one of them\n',
        });
});

test('no command declares a flag twice', async () => {
  for (const { path, command } of await allCommands()) {
    const names = (command.flags ?? []).flatMap((group) => group.flags.map((flag) => flag.name));
    expect({ path, twice: names.filter((name, at) => names.indexOf(name) !== at) }).toEqual({ path, twice: [] });
  }
});
