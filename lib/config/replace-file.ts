import { renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Replaces a file so that a reader never sees half of it, and a disk that is full leaves what was
 * there.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const partial = `${path}.${process.pid}`;
  try {
    writeFileSync(partial, text, { mode });
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
