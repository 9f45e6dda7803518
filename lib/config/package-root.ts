/**
 * Finds the files of this package: in a checkout, under jest, in a bundle and in an installed
 * package.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

let root: string | undefined;

/** Directory of this package's `package.json`. */
export function packageRoot(): string {
  root ??= findRoot(__dirname);
  return root;
}

function findRoot(from: string): string {
  for (let dir = from; ; dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'sallyport')
      return dir;
    if (dirname(dir) === dir) throw new Error(`no package.json of sallyport above ${from}; reinstall the package`);
  }
}

/** Absolute path of a file of this package, given relative to its root. */
export const packageFile = (...path: string[]): string => join(packageRoot(), ...path);
