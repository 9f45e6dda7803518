/** Rules of taste that a program can check. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isGenerated, isTest, listFiles, read, ROOT, sourceFiles } from './tree';

const MAX_FILE_LINES = 500;
/** Suites are lists; still, one that is longer has two subjects. */
const MAX_SUITE_LINES = 600;
/** Beyond this a file is no text of ours. */
const MAX_TEXT_BYTES = 1 << 20;

/** Assembled, so that this file does not contain what it looks for. */
const word = (...parts: string[]): string => parts.join('');

const FORBIDDEN: { pattern: RegExp; reason: string; files?: RegExp }[] = [
  {
    pattern: new RegExp(`\\b(${word('TO', 'DO')}|${word('FIX', 'ME')}|${word('XX', 'X')})\\b`),
    reason: 'work left open',
  },
  { pattern: new RegExp(word('eslint', '-disable')), reason: 'a rule is followed or changed for all' },
  { pattern: new RegExp(`${word('@ts', '-ignore')}|${word('@ts', '-nocheck')}`), reason: 'types are fixed' },
  {
    pattern: new RegExp(`\\b(test|it|describe)\\.(${word('on', 'ly')}|${word('sk', 'ip')})\\b`),
    reason: 'all tests run',
    files: /\.ts$/,
  },
  { pattern: new RegExp(word('\\/wo', 'rk\\/')), reason: 'a path of one machine' },
  { pattern: new RegExp(word('\\/tmp\\/br', 'ief')), reason: 'a path of one machine' },
  { pattern: new RegExp(`https?://${word('registry', '\\.')}`), reason: 'no package registry is named' },
  {
    pattern: new RegExp(`\\b${word('fet', 'ch')}\\(`),
    reason: 'a server that a user names is called through outgoing/, with checked addresses',
    files: /^services\/controller\/(?!.*\.(test|fixture)\.ts$)/,
  },
  {
    pattern: new RegExp(`(?<!')\\b(${word('cancel', 'led')}|${word('dial', 'ling')}|${word('author', 'is')})`),
    reason: 'American spelling',
    files: /\.(ts|sql|proto)$/,
  },
];

const texts = listFiles().filter(
  (file) =>
    !isGenerated(file) &&
    !/package-lock\.json$|^LICENSE$|^test\/tidy\/tidy\.test\.ts$/.test(file) &&
    /(\.(ts|mjs|cjs|js|json|sql|sh|proto|md|yaml|yml|service|peggy)|Dockerfile|\/run|\/sallyport)$/.test(file) &&
    statSync(join(ROOT, file)).size < MAX_TEXT_BYTES,
);

test.each(FORBIDDEN)('no $pattern ($reason)', ({ pattern, files }) => {
  const found = texts
    .filter((file) => files?.test(file) ?? true)
    .flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
    );
  expect(found).toEqual([]);
});

test(`no source file is longer than ${MAX_FILE_LINES} lines, no suite than ${MAX_SUITE_LINES}`, () => {
  const long = sourceFiles()
    .map((file) => ({ file, lines: read(file).split('\n').length }))
    .filter(({ file, lines }) => lines > (isTest(file) ? MAX_SUITE_LINES : MAX_FILE_LINES));
  expect(long).toEqual([]);
});

test('migrations are numbered without gaps', () => {
  const numbers = listFiles()
    .filter((file) => file.startsWith('services/controller/migrations/'))
    .map((file) => Number(/\/(\d{4})_[a-z0-9_]+\.sql$/.exec(file)?.[1]));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});

test('every package is pinned', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});
