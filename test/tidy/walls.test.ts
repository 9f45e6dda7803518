/** Import walls, each with the reason why it stands. A new dependency between parts starts with a change here. */
import { importsOf, isTest, read, sourceFiles } from './tree';

interface Wall {
  reason: string;
  from: RegExp;
  except?: RegExp;
  to: RegExp;
}

const WALLS: Wall[] = [
  {
    reason: 'lib has no domain nouns and serves every part, so it drags none of them in',
    from: /^lib\//,
    to: /^(services|cli|test|bench)\//,
  },
  {
    reason: 'a worker stands where the database must not be reachable from: it holds no driver and no controller code',
    from: /^services\/worker\//,
    to: /^(services\/(controller|server|dev)\/|cli\/|pg$|kysely$)/,
  },
  {
    reason: 'the entry of a worker process is loaded by that process: the same wall holds for it',
    from: /^services\/server\/worker-/,
    to: /^(services\/(controller|dev)\/|cli\/|pg$|kysely$)/,
  },
  {
    reason: 'the data plane gets decisions through interfaces, so that it can be tested without a control stream',
    from: /^services\/worker\/proxy\//,
    to: /^services\/worker\/control\//,
  },
  {
    reason: 'controllers never touch payload; what both sides need stands in lib or proto',
    from: /^services\/controller\//,
    to: /^(services\/(worker|server|dev)\/|cli\/)/,
  },
  {
    reason: 'pools, number types and the time of a transaction are set in one place',
    from: /^(lib|cli|services)\//,
    except: /^services\/controller\/db\//,
    to: /^pg$/,
  },
  {
    reason: 'the command line is a client; dev, server and database are reached through the bundle behind its door',
    from: /^cli\//,
    to: /^services\//,
  },
  {
    reason: 'dev mode is only a preset: production entry points reach it nowhere but in the door',
    from: /^services\/server\//,
    except: /^services\/server\/door\.ts$/,
    to: /^services\/dev\//,
  },
  {
    reason: 'what ships must not need tests or benchmarks',
    from: /^(lib|cli|services)\//,
    to: /^(test|bench)\//,
  },
  {
    reason:
      'a server that a user names is called in one way only, with checked addresses and without telling why it failed',
    from: /^services\/controller\//,
    except: /^services\/controller\/outgoing\//,
    to: /^node:(https|dns)$/,
  },
  {
    reason: 'only the listed packages may be needed at run time; development packages are not installed for users',
    from: /^(lib|cli|services)\//,
    to: /^(jest|fast-check|esbuild|typescript|peggy|@swc|@bufbuild\/buf)/,
  },
];

const product = sourceFiles().filter((file) => !isTest(file));

test.each(WALLS)('$from may not import $to: $reason', ({ from, except, to, reason }) => {
  const broken = product
    .filter((file) => from.test(file) && except?.test(file) !== true)
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => to.test(target))
        .map((target) => `${file} -> ${target}`),
    );
  expect({ reason, broken }).toEqual({ reason, broken: [] });
});

test('the walls have something to hold', () => {
  for (const { from } of WALLS) expect(product.some((file) => from.test(file))).toBe(true);
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
  expect(read('cli/output/terminal.ts').match(/stream\.write\(/g)).toHaveLength(3);
});
