/** The index of commands must say what the folders say. `UPDATE_GOLDEN=1` writes it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

function indexText(): string {
  const folders = readdirSync(__dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const nouns = [...folders.map(({ name }) => [name, nounLines(name)] as const), ...wholeNouns()].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return [
    '/**',
    ' * The nouns and their verbs: a file of cli/nouns is a noun with all of its verbs. In the folders',
    ' * here, `<noun>/<noun>.ts` says what a noun is, and each further file is a verb. Written by',
    ' * `UPDATE_GOLDEN=1 npx jest cli/commands`, checked by the same test without it.',
    ' */',
    "import type { CommandLoader } from '../core/command';",
    "import { noun } from '../core/tree';",
    '',
    'export const nounLoaders: Readonly<Record<string, CommandLoader>> = {',
    ...nouns.flatMap(([, lines]) => lines),
    '};',
    '',
  ].join('\n');
}

/** Nouns of one file. */
const wholeNouns = (): (readonly [string, string[]])[] =>
  readdirSync(join(__dirname, '..', 'nouns')).map((file) => {
    const name = file.slice(0, -'.ts'.length);
    return [name, [`  ${key(name)}: noun(() => import('../nouns/${name}')),`]];
  });

function nounLines(name: string): string[] {
  const verbs = readdirSync(join(__dirname, name))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== `${name}.ts`)
    .map((file) => file.slice(0, -3))
    .sort();
  const load = (file: string): string => `() => import('./${name}/${file}')`;
  if (verbs.length === 0) return [`  ${key(name)}: noun(${load(name)}),`];
  return [`  ${key(name)}: noun(${load(name)}, {`, ...verbs.map((verb) => `    ${key(verb)}: ${load(verb)},`), '  }),'];
}

const key = (name: string): string => (/^\w+$/.test(name) ? name : `'${name}'`);

test('the index names exactly the files of the folders', () => {
  const path = join(__dirname, 'index.ts');
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, indexText());
  expect(readFileSync(path, 'utf8')).toBe(indexText());
});
