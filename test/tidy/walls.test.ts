/** The import walls of .dependency-cruiser.cjs, at each run of the tests. */
import { importsOf, isTest, read, sourceFiles } from './tree';

interface Rule {
  name: string;
  comment: string;
  from: { path?: string; pathNot?: string };
  to: { path?: string };
}

const { forbidden } = jest.requireActual<{ forbidden: Rule[] }>('../../.dependency-cruiser.cjs');
/** Those that go by the paths of files alone. */
const walls = forbidden.filter(({ from, to }) => from.path !== undefined && to.path !== undefined);
const product = sourceFiles().filter((file) => !isTest(file));

/** As the rules name it: files of packages by their folder, modules of Node by their bare name. */
const target = (name: string): string =>
  name.startsWith('node:') || /^(lib|services|cli|proto|test|bench|scripts)\//.test(name)
    ? name
    : `node_modules/${name}/`;

const guarded = ({ from }: Rule): string[] =>
  product.filter(
    (file) => new RegExp(from.path!).test(file) && (from.pathNot === undefined || !new RegExp(from.pathNot).test(file)),
  );

test.each(walls)('$name: $comment', (wall) => {
  const broken = guarded(wall).flatMap((file) =>
    importsOf(file)
      .filter((name) => new RegExp(wall.to.path!).test(target(name)))
      .map((name) => `${file} -> ${name}`),
  );
  expect(broken).toEqual([]);
});

test('the walls have something to hold', () => {
  expect(walls.length).toBeGreaterThan(8);
  for (const wall of walls) expect(guarded(wall)).not.toEqual([]);
  expect(importsOf('test/tidy/walls.test.ts')).toContain('test/tidy/tree');
});

test('inside a controller noun, the pure file does no input or output', () => {
  const nouns = product.filter((file) => /^services\/controller\/([a-z-]+)\/\1\.ts$/.test(file));
  const broken = nouns.flatMap((file) =>
    importsOf(file)
      .filter((target) => /^(pg|node:(fs|net|tls|http2?))$|\.(store|rpc)$|proto\/gen\//.test(target))
      .map((target) => `${file} -> ${target}`),
  );
  expect(broken.filter((line) => !/^services\/controller\/(authz|kms|db|gateway|tasks|control)\//.test(line))).toEqual(
    [],
  );
});

test('the command line writes to its streams in one place, where text of others is made harmless', () => {
  const writes = /\b(stdout|stderr)\??\.(write|end)\(|\bconsole\./;
  const writers = product.filter((file) => file.startsWith('cli/') && writes.test(read(file)));
  // What tests need to run commands is no product.
  expect(writers.filter((file) => !file.startsWith('cli/testing/'))).toEqual([]);
  expect(read('cli/io/terminal.ts').match(/stream\.write\(/g)).toHaveLength(3);
});
