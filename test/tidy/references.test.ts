/** What the documentation names is there: paths, links, commands, flags, keys, variables. */
import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { anchorsOf, codeOf, linksOf, spansOf } from './markdown';
import {
  cli,
  foldersBelow,
  isCommand,
  isPath,
  leadsSomewhere,
  problemOfCall,
  unknownNames,
  wordsOf,
} from './references';
import { isGenerated, listFiles, read, ROOT } from './tree';

/** A decision that was replaced speaks of what was there then. */
const isHistory = (text: string): boolean => /^Status: replaced/m.test(text);
const documents = listFiles().filter((file) => file.endsWith('.md') && !isHistory(read(file)));
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** Words of others, with their reason: they mean nothing here. */
const FOREIGN = new Set([
  // Alerts of TLS, RFC 8446.
  'access_denied',
  'internal_error',
  // A field that Boundary's refusals name.
  'canonical_address',
  // Keys of systemd, and what they are set to.
  'Requires=sallyport-worker.socket',
  'After=sallyport-worker.socket',
]);

/** Calls that are quoted because they are refused. */
const REFUSED = new Set(['authenticate nope']);

const spanWords = (text: string): string[] =>
  [...spansOf(text), ...codeOf(text)].flatMap((span) => span.split(/[\s,;()"']+/)).filter((word) => word !== '');

test.each(documents)('%s: links lead to what is there', (file) => {
  const broken = linksOf(read(file)).filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : posix.normalize(posix.join(dirname(file), path));
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(documents)('%s: paths lead to what is there', (file) => {
  const paths = spanWords(read(file)).filter((word) => isPath(word) && !FOREIGN.has(word));
  expect(
    paths.filter((path) => !leadsSomewhere(path, dirname(file)) && !leadsSomewhere(`${path}.test.ts`, dirname(file))),
  ).toEqual([]);
});

test.each(documents)('%s: names occur in the sources', async (file) => {
  const words = spanWords(read(file)).filter((word) => !isPath(word) && !FOREIGN.has(word));
  expect(await unknownNames(words)).toEqual([]);
});

test.each(documents)('%s: scripts of npm exist', (file) => {
  const text = read(file);
  const called = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
  expect(called.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test.each(documents)('%s: commands can be typed', async (file) => {
  const text = read(file);
  const lines = codeOf(text).filter((line) => /(^|[\s/])sallyport\s/.test(line) && !/[─▶═]/.test(line));
  const spans = spansOf(text).filter(
    (span) => span.includes(' ') && (isCommand(span.split(' ')[0]!) || /^(bin\/)?sallyport /.test(span)),
  );
  const problems: string[] = [];
  for (const line of [...lines, ...spans].filter((call) => !REFUSED.has(call))) {
    const words = wordsOf(line.replace(/^.*?(^|[\s/])sallyport\s+/, ''));
    for (const call of alternatives(words)) {
      const problem = await problemOfCall(call);
      if (problem !== undefined) problems.push(`${line}: ${problem}`);
    }
  }
  expect(problems).toEqual([]);
});

/** `connect psql|ssh` are two calls. */
function alternatives(words: readonly string[]): string[][] {
  const at = words.findIndex((word) => /^\w+(\|\w+)+$/.test(word));
  if (at < 0) return [[...words]];
  return words[at]!.split('|').map((word) => [...words.slice(0, at), word, ...words.slice(at + 1)]);
}

test.each(documents)('%s: flags exist', async (file) => {
  const { flags } = await cli();
  const named = spansOf(read(file)).flatMap(
    (span) => /^-([a-z][a-z0-9]*(-[a-z0-9]+)*)(?=$|[ =])/.exec(span)?.[1] ?? [],
  );
  expect(named.filter((name) => name.length > 1 && !flags.has(name) && !FOREIGN.has(`-${name}`))).toEqual([]);
});

/** A path from the root in a comment. */
const IN_COMMENT = /(?<![\w./-])(?:docs|test|lib|services|cli|proto|deploy|bench|scripts)\/[\w./<>*-]*\w/g;

test('comments name paths that are there', () => {
  const broken = listFiles()
    .filter((file) => /\.(ts|mjs|cjs|proto|sh|service|socket)$/.test(file) && !isGenerated(file))
    .flatMap((file) =>
      read(file)
        .split('\n')
        .filter((line) => /^\s*(\/\/|\/?\*|#)/.test(line))
        .flatMap((line) => line.match(IN_COMMENT) ?? [])
        .filter((path) => !leadsSomewhere(path, dirname(file)) && !leadsSomewhere(`${path}.ts`, dirname(file)))
        .map((path) => `${file}: ${path}`),
    );
  expect(broken).toEqual([]);
});

/** Where architecture.md lists each folder. */
const AREAS = ['lib', 'services', 'services/controller', 'services/worker', 'cli', 'test'];

test('docs/architecture.md tells of every folder', () => {
  const text = read('docs/architecture.md');
  const isNoun = (folder: string): boolean => existsSync(join(ROOT, folder, `${posix.basename(folder)}.rpc.ts`));
  const isTold = (folder: string): boolean =>
    [posix.basename(folder), folder].some((name) => text.includes(`\`${name}/\``));
  const folders = foldersBelow(AREAS);
  expect(folders.length).toBeGreaterThan(AREAS.length);
  expect(folders.filter((folder) => !isNoun(folder) && !isTold(folder))).toEqual([]);
});

const MAX_TERMS = 25;

test(`the glossary has at most ${MAX_TERMS} terms`, () => {
  const terms = read('docs/glossary.md').match(/^\| (?!term |---)/gm) ?? [];
  expect(terms.length).toBeGreaterThan(0);
  expect(terms.length).toBeLessThanOrEqual(MAX_TERMS);
});
