/** The source tree as data: files, their lines, and what they import. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';

export const ROOT = resolve(__dirname, '../..');
const SKIPPED = new Set(['node_modules', 'dist', '.git', 'third_party', 'coverage']);

/** Paths from the root with `/`, sorted. */
export function listFiles(from = ROOT): string[] {
  return readdirSync(from, { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => {
      const path = join(from, entry.name);
      if (entry.isDirectory()) return listFiles(path);
      return entry.isFile() ? [relative(ROOT, path).split(sep).join('/')] : [];
    })
    .sort();
}

export const isGenerated = (file: string): boolean =>
  file.startsWith('proto/gen/') || /(filter|query)-parser\./.test(file);
export const isTest = (file: string): boolean => /\.(test|fixture)\.ts$/.test(file) || /^(test|bench)\//.test(file);
export const sourceFiles = (): string[] => listFiles().filter((file) => file.endsWith('.ts') && !isGenerated(file));
export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/**
 * What a file imports: paths from the root for its own tree (without extension), bare names for
 * packages.
 */
export function importsOf(file: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\brequire\s*\(\s*)'([^']+)'/g;
  return [...read(file).matchAll(pattern)].map(([, target]) =>
    target!.startsWith('.') ? posix.normalize(posix.join(dirname(file), target!)) : target!,
  );
}
