/**
 * Making directories level by level. Node's own recursive form never returns where a file system
 * answers ENOENT to mkdir (/proc).
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes the directory and its missing parents; nothing happens when it is there. Throws the
 * system's error.
 */
export function makeDirectory(path: string, mode: number): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.push(at);
  for (const level of missing.reverse()) {
    try {
      mkdirSync(level, { mode });
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  // Throws ENOTDIR for a file of this name, EACCES for a directory of somebody else.
  readdirSync(path);
}
