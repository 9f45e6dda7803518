/**
 * Help of every level against `test/golden/help`, groups of flags that several commands share
 * against `shared` there, once. `UPDATE_GOLDEN=1` writes the files.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nounLoaders } from '../commands';
import { runCli } from '../testing/run';
import type { Command, Flag, FlagGroup } from './command';
import { EXIT } from './errors';
import { typedWords } from './generic';
import { groupHelp } from './help';
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

/** The groups that several commands have, with the names of their files. */
function sharedGroups(commands: readonly { command: Command }[]): Map<FlagGroup, string> {
  const users = new Map<FlagGroup, number>();
  for (const group of commands.flatMap(({ command }) => command.flags ?? []))
    users.set(group, (users.get(group) ?? 0) + 1);
  const names = new Map<FlagGroup, string>();
  const shared = [...users].filter(([, count]) => count > 1).map(([group]) => group);
  for (const group of shared) {
    const before = [...names.keys()].filter(({ title }) => title === group.title).length;
    const name = group.title.toLowerCase().replaceAll(' ', '-');
    names.set(group, before === 0 ? name : `${name}-${before + 1}`);
  }
  return names;
}

test('help of every level is what the golden files say', async () => {
  const commands = await allCommands();
  const shared = sharedGroups(commands);
  const expected = new Map<string, string>();
  for (const [group, name] of shared) expected.set(join('shared', `${name}.txt`), `${groupHelp(group)}\n`);
  for (const { path, command } of [{ path: [], command: undefined }, ...commands]) {
    const { exit, stdout, stderr } = await runCli([...path, '-h']);
    expect({ path, exit, stdout }).toEqual({ path, exit: 0, stdout: '' });
    let text = stderr;
    for (const group of command?.flags ?? []) {
      expect(stderr).toContain(groupHelp(group));
      if (shared.has(group)) text = text.replace(groupHelp(group), `<shared/${shared.get(group)}.txt>`);
    }
    expected.set(fileOf(path), text.replaceAll('>\n\n<shared', '>\n<shared'));
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
