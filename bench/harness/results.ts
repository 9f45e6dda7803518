/** Figures as files: what was measured, on which machine, from which commit, by which command. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

const FOLDER = join(__dirname, '..', 'results');

/** Settings that change what a benchmark does; part of the command. */
const SETTINGS = /^BENCH_/;

/** Writes `figures` to the folder of results, in the place of earlier ones; returns the path. */
export function writeResults(name: string, figures: object): string {
  const settings = Object.entries(process.env).filter(([key]) => SETTINGS.test(key));
  const [processor] = cpus();
  const results = {
    name,
    time: new Date().toISOString(),
    commit: commit(),
    command: [...settings.map(([key, value]) => `${key}=${value}`), 'npm run bench', name].join(' '),
    machine: {
      cores: cpus().length,
      processor: processor?.model.trim(),
      architecture: process.arch,
      memoryBytes: totalmem(),
      kernel: release(),
      node: process.version,
    },
    figures,
  };
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `${name}.json`);
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  return path;
}

function commit(): string {
  const git = (...words: string[]) => execFileSync('git', words, { encoding: 'utf8', cwd: __dirname }).trim();
  try {
    return (
      git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--', '../lib', '../services', '../cli') && '+changes')
    );
  } catch {
    return 'unknown';
  }
}
