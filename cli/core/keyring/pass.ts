/** Tokens in the password store of `pass`, the standard Unix password manager. */
import { homeOf } from '../../../lib/platform/system';
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withoutSecrets } from '../../../lib/config/variables';
import type { Backend } from './backend';

const PREFIX = 'Sallyport';

/** Time for one call; a key without an agent would otherwise wait for a passphrase for ever. */
const TIMEOUT_MS = 60_000;

/** Whether the program is installed and a store was initialized. */
export function passIsReady(env: NodeJS.ProcessEnv, isStore: (path: string) => boolean): boolean {
  const installed = (env.PATH ?? '').split(delimiter).some((directory) => isExecutable(join(directory, 'pass')));
  return installed && isStore(env.PASSWORD_STORE_DIR || join(homeOf(env), '.password-store'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function passKeyring(env: NodeJS.ProcessEnv): Backend {
  const entry = (name: string): string => `${PREFIX}/${name}`;
  return {
    description: 'the password store of pass',
    get: (name) =>
      pass(env, ['show', entry(name)]).then(
        (text) => text.split('\n')[0],
        () => undefined,
      ),
    set: (name, text) => pass(env, ['insert', '--multiline', '--force', entry(name)], text).then(() => undefined),
    delete: (name) =>
      pass(env, ['rm', '--force', entry(name)]).then(
        () => true,
        () => false,
      ),
  };
}

function pass(env: NodeJS.ProcessEnv, args: string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('pass', args, {
      env: withoutSecrets(env),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    });
    let [out, complaint] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.on('error', (error) => reject(new Error(`pass could not be started: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(complaint.trim().split('\n')[0] || `pass ended with status ${code}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
