/** Help of every level against `test/golden/help`. `UPDATE_GOLDEN=1` writes the files. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nounLoaders } from '../commands';
import { runCli } from '../testing/run';
import { parseArgv } from './argv';
import type { Command } from './command';
import { typedWords } from './generic';

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

test('help of every level is what the golden files say', async () => {
  const paths = [[], ...(await allCommands()).map(({ path }) => path)];
  if (update) {
    rmSync(GOLDEN, { recursive: true, force: true });
    mkdirSync(GOLDEN, { recursive: true });
  }
  for (const path of paths) {
    const { exit, stdout, stderr } = await runCli([...path, '-h']);
    expect({ path, exit, stdout }).toEqual({ path, exit: 0, stdout: '' });
    if (update) writeFileSync(join(GOLDEN, fileOf(path)), stderr);
    expect({ path, text: stderr }).toEqual({ path, text: readFileSync(join(GOLDEN, fileOf(path)), 'utf8') });
  }
  expect(readdirSync(GOLDEN).sort()).toEqual(paths.map(fileOf).sort());
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
  (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, '$1'));

test('every example names its command and parses', async () => {
  const commands = await allCommands();
  for (const { path, command } of commands)
    for (const example of command.examples ?? []) {
      const words = typedWords(shellWords(example));
      const target = commands
        .filter((other) => other.path.every((word, at) => words[at] === word))
        .sort((a, b) => b.path.length - a.path.length)[0]!;
      const flags = (target.command.flags ?? []).flatMap((group) => group.flags);
      const rest = words.slice(target.path.length);
      expect({ path, example, run: target.command.run !== undefined }).toEqual({ path, example, run: true });
      expect(() => parseArgv(rest, flags, { env: {}, alias: target.command.alias })).not.toThrow();
    }
});

test('no command declares a flag twice', async () => {
  for (const { path, command } of await allCommands()) {
    const names = (command.flags ?? []).flatMap((group) => group.flags.map((flag) => flag.name));
    expect({ path, twice: names.filter((name, at) => names.indexOf(name) !== at) }).toEqual({ path, twice: [] });
  }
});
