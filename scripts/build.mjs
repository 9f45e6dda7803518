/**
 * Builds dist/: one bundle per kind of process. Each file is written beside its place and renamed,
 * so that a program that starts meanwhile sees a whole one.
 *   cli.cjs     the command line, npm packages inside: one file to read at every start
 *   server.cjs  dev, server, database: npm packages stay outside, as some read files next to their
 *               own code
 *   data.cjs    a data process of a worker, which must stay small: it has neither gRPC nor metrics
 *   worker.cjs  the worker process; it must not contain controller code, which is checked here
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { leanYargs } from './lean-yargs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
/** A source that changes while we build is newer than the bundles. */
const started = new Date();

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  write: false,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
};

const bundles = [
  {
    name: 'cli.cjs',
    options: {
      entryPoints: ['cli/main.ts'],
      minify: true,
      keepNames: true,
      // re2js is only needed where a search uses a regular expression.
      external: ['@napi-rs/keyring', 're2js'],
      // The launcher compiles this file with a code cache, where import() does not work: it becomes
      // require().
      supported: { 'dynamic-import': false },
      loader: { '.node': 'empty' },
      plugins: [leanYargs],
    },
    // The launcher takes each byte as a character, which is faster.
    isAscii: true,
    banned: /^(services|node_modules\/(pg|kysely|@node-rs)\/)/,
  },
  { name: 'server.cjs', options: { entryPoints: ['services/server/door.ts'], packages: 'external' } },
  {
    name: 'data.cjs',
    options: { entryPoints: ['services/worker/data/main.ts'], packages: 'external' },
    banned: /^services\/(controller|dev|server)\/|^(pg|kysely|prom-client|@grpc\/.*)$/,
  },
  // The last one: the launcher goes by its time.
  {
    name: 'worker.cjs',
    options: { entryPoints: ['services/server/worker-process.ts'], packages: 'external' },
    banned: /^services\/(controller|dev)\/|^(pg|kysely)$/,
  },
];

mkdirSync(dist, { recursive: true });
for (const bundle of bundles) {
  const result = await build({ ...common, ...bundle.options, outfile: join(dist, bundle.name) });
  refuseBanned(bundle, result.metafile);
  for (const file of result.outputFiles) {
    if (bundle.isAscii && file.contents.some((byte) => byte > 0x7f))
      throw new Error(`dist/${bundle.name} must be ASCII; escape what is not`);
    const partial = `${file.path}.${process.pid}`;
    writeFileSync(partial, file.contents);
    utimesSync(partial, started, started);
    renameSync(partial, file.path);
  }
}
primeCodeCache();

function refuseBanned({ name, banned }, { inputs }) {
  if (banned === undefined) return;
  const used = Object.entries(inputs).flatMap(([path, input]) => [
    path,
    ...input.imports.filter((i) => i.external).map((i) => i.path),
  ]);
  const found = [...new Set(used.filter((path) => banned.test(path)))];
  if (found.length > 0) throw new Error(`dist/${name} must not contain ${found.join(', ')}`);
}

/**
 * One run through the lazily compiled code, so that the cache the launcher writes holds what a
 * command needs.
 */
function primeCodeCache() {
  for (const file of readdirSync(dist)) if (file.endsWith('.cache')) rmSync(join(dist, file));
  const command = ['scopes', 'list', '-addr', 'http://127.0.0.1:1', '-token', 'env://SALLYPORT_BUILDING'];
  spawnSync(process.execPath, [join(root, 'bin', 'sallyport'), ...command], {
    stdio: 'ignore',
    timeout: 20_000,
    env: { ...process.env, SALLYPORT_BUILDING: 'at_1234567890_build' },
  });
}
