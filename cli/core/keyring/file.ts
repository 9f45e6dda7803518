/** Tokens in files of their own that only their owner can read: `~/.sallyport/tokens/<name>`. */
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from '../../../lib/config/directory';
import type { Backend } from './keyring';

/** Mode of the directory and of the files in it. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

export function fileKeyring(env: NodeJS.ProcessEnv): Backend {
  const directory = join(env.HOME ?? homedir(), '.sallyport', 'tokens');
  const pathOf = (name: string): string => join(directory, encodeURIComponent(name).replace(/^\./, '%2E'));
  return {
    description: `files in ${directory}, readable by their owner only`,
    get: (name) => Promise.resolve(readIfThere(pathOf(name))),
    async set(name, text) {
      makeDirectory(directory, DIRECTORY_MODE);
      // The directory may have been made with another umask or by hand.
      chmodSync(directory, DIRECTORY_MODE);
      const partial = `${pathOf(name)}.${process.pid}`;
      writeFileSync(partial, text, { mode: FILE_MODE });
      renameSync(partial, pathOf(name));
    },
    delete(name) {
      const found = readIfThere(pathOf(name)) !== undefined;
      rmSync(pathOf(name), { force: true });
      return Promise.resolve(found);
    },
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
