/**
 * The corpus folder: one file for each input, named after its content. Failed inputs are named
 * `crash-…`.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = (target: string): string => join(__dirname, 'corpus', target);
const nameOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 12);

/** Inputs of a target, in the order of their names. */
export function readCorpus(target: string): Buffer[] {
  const path = folder(target);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .sort()
    .map((name) => readFileSync(join(path, name)));
}

/** Adds an input and answers where. */
export function writeInput(target: string, bytes: Buffer, prefix = ''): string {
  mkdirSync(folder(target), { recursive: true });
  const path = join(folder(target), prefix + nameOf(bytes));
  writeFileSync(path, bytes);
  return path;
}
