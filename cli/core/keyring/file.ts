/** Tokens in files of their own that only their owner can read: `~/.sallyport/tokens/<name>`. */
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf } from '../../../lib/platform/system';
import { makeDirectory } from '../../../lib/config/directory';
import { replaceFile } from '../../../lib/config/replace-file';
import type { Backend } from './backend';

/** Mode of the directory and of the files in it. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

export function fileKeyring(env: NodeJS.ProcessEnv): Backend {
  const directory = join(homeOf(env), '.sallyport', 'tokens');
  const pathOf = (name: string): string => join(directory, encodeURIComponent(name).replace(/^\./, '%2E'));
  return {
    description: `files in ${directory}, readable by their owner only`,
    get: (name) => Promise.resolve(readIfThere(pathOf(name))),
    async set(name, text) {
      makeDirectory(directory, DIRECTORY_MODE);
      // The directory may have been made with another umask or by hand.
      chmodSync(directory, DIRECTORY_MODE);
      replaceFile(pathOf(name), text, FILE_MODE);
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
