#!/usr/bin/env node
// Starts the command line from dist/cli.cjs with V8's code cache, which saves about a third of the
// start time. In a checkout it first builds what is missing or older than its sources. npm makes a
// command of this file on every system: its first line names Node, which Windows needs.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const Module = require('node:module');

if (process.env.SALLYPORT_EXTRA_CA_CERTS !== undefined) {
  process.env.NODE_EXTRA_CA_CERTS ??= process.env.SALLYPORT_EXTRA_CA_CERTS;
  delete process.env.SALLYPORT_EXTRA_CA_CERTS;
}

const root = path.dirname(__dirname);
const file = path.join(root, 'dist', 'cli.cjs');
const SOURCES = ['cli', 'lib', 'services', 'proto/gen', 'scripts', 'package.json'];

/** Newest change among the sources, ms. */
function newestChange(at) {
  const stat = fs.statSync(at, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return /\.test\.ts$/.test(at) ? 0 : stat.mtimeMs;
  let newest = 0;
  for (const name of fs.readdirSync(at)) newest = Math.max(newest, newestChange(path.join(at, name)));
  return newest;
}

function buildIfStale() {
  if (process.env.SALLYPORT_BUILDING !== undefined || !fs.existsSync(path.join(root, 'scripts', 'build.mjs'))) return;
  // The worker's bundle is the last one to be written.
  const built = fs.statSync(path.join(root, 'dist', 'worker.cjs'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (SOURCES.every((name) => newestChange(path.join(root, name)) <= built)) return;
  process.stderr.write('sallyport: building dist/ ...\n');
  const args = [path.join(root, 'scripts', 'build.mjs')];
  const { status } = require('node:child_process').spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the build failed (see above); run "npm ci" if packages are missing');
}

/**
 * The cache fits one version of V8 and one architecture; another one rejects it and writes its own.
 */
function load() {
  const cache = `${file}.${process.version}-${process.arch}.cache`;
  const source = fs.readFileSync(file, 'latin1');
  let cachedData;
  try {
    cachedData = fs.readFileSync(cache);
  } catch {
    // Not written yet.
  }
  const script = new vm.Script(Module.wrap(source), { filename: file, cachedData });
  const mod = new Module(file);
  mod.filename = file;
  mod.paths = module.paths;
  script.runInThisContext().call(mod.exports, mod.exports, Module.createRequire(file), mod, file, path.dirname(file));
  const save = cachedData === undefined || script.cachedDataRejected;
  return { main: mod.exports.main, save: save ? () => saveCache(script, cache) : () => undefined };
}

function saveCache(script, cache) {
  const partial = `${cache}.${process.pid}`;
  try {
    fs.writeFileSync(partial, script.createCachedData());
    fs.renameSync(partial, cache);
  } catch {
    // A read-only installation starts without the cache.
  }
}

try {
  buildIfStale();
  const { main, save } = load();
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
      save();
    },
    (error) => {
      process.stderr.write(`${error?.stack ?? error}\n`);
      process.exitCode = 2;
    },
  );
} catch (error) {
  process.stderr.write(`sallyport: ${error.message}\n`);
  process.exitCode = 2;
}
