import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncsDirectories } from '../../../lib/platform/system';

/**
 * Writes all of `content`. The system may take less at once, as a disk does that fills up. Throws
 * the system's error.
 */
export function writeAll(file: number, content: string): void {
  let rest = Buffer.from(content);
  while (rest.length > 0) {
    const written = writeSync(file, rest);
    if (written === 0) throw new Error('the system took no bytes');
    rest = rest.subarray(written);
  }
}

/**
 * Replaces a file, mode 0600, so that it has either the old or the new content after a crash. Two
 * processes of a worker may write the same file while one follows the other: the last one takes
 * effect, as a whole.
 */
export function writeFileAtomically(path: string, content: string): void {
  const temporary = `${path}.${process.pid}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeAll(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  if (!syncsDirectories) return;
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
