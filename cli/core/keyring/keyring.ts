/**
 * Where tokens are kept between commands. A token is stored with what the login answered, as
 * unpadded base64 of JSON, so that its user and account can be told without asking the controller.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ownKeyring } from '../../../lib/platform/system';
import { LocalError } from '../../io/errors';
import type { Backend } from './backend';
import { fileKeyring } from './file';
import { nativeKeyring } from './native';
import { passKeyring, passIsReady } from './pass';

/** Attributes of a login. */
export interface StoredToken {
  id: string;
  token: string;
  user_id?: string;
  account_id?: string;
  auth_method_id?: string;
  /**
   * Address of the controller of the login; absent in entries of older releases until they are
   * used.
   */
  bound_address?: string;
  [attribute: string]: unknown;
}

export const DEFAULT_TOKEN_NAME = 'default';

export const KEYRING_TYPES = ['auto', 'none', 'file', 'pass', 'secret-service', 'keychain', 'wincred'] as const;

export class Keyring {
  constructor(private readonly backends: readonly [Backend, ...Backend[]]) {}

  /** Where a new token goes. */
  get description(): string {
    return this.backends[0].description;
  }

  /** The first backend that knows the name. */
  async read(name: string): Promise<StoredToken | undefined> {
    for (const backend of this.backends) {
      const text = await backend.get(name).catch(() => undefined);
      const token = text === undefined ? undefined : decode(text);
      if (token !== undefined) return token;
    }
    return undefined;
  }

  /**
   * Stores the token in the first backend that takes it. Answers its description, and removes older
   * entries from the others.
   */
  async write(name: string, token: StoredToken): Promise<string> {
    const text = Buffer.from(JSON.stringify(token)).toString('base64').replace(/=+$/, '');
    const failures: string[] = [];
    for (const [index, backend] of this.backends.entries()) {
      try {
        await backend.set(name, text);
      } catch (error) {
        failures.push(`${backend.description}: ${(error as Error).message}`);
        continue;
      }
      for (const other of this.backends.slice(0, index)) await other.delete(name).catch(() => false);
      return backend.description;
    }
    throw new LocalError(`The token could not be stored: ${failures.join('; ')}`);
  }

  /** Whether there was an entry anywhere. */
  async remove(name: string): Promise<boolean> {
    let found = false;
    for (const backend of this.backends) found = (await backend.delete(name).catch(() => false)) || found;
    return found;
  }
}

function decode(text: string): StoredToken | undefined {
  try {
    const token = JSON.parse(Buffer.from(text.trim(), 'base64').toString('utf8')) as StoredToken;
    return typeof token.token === 'string' && token.token !== '' ? token : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Backends of a `-keyring-type` other than `none`. Throws a LocalError for an unknown or unusable
 * one.
 */
export async function openKeyring(type: string, env: NodeJS.ProcessEnv): Promise<Keyring> {
  switch (type) {
    case 'auto':
      return new Keyring(await automatic(env));
    case 'file':
      return new Keyring([fileKeyring(env)]);
    case 'pass':
      return new Keyring([passKeyring(env)]);
    case 'secret-service':
    case 'keychain':
    case 'wincred':
      return new Keyring([await nativeKeyring(type)]);
    default:
      throw new LocalError(
        `Unknown keyring ${JSON.stringify(type)}; -keyring-type is one of ${KEYRING_TYPES.join(', ')}`,
      );
  }
}

// The file store is last everywhere: it always works, so a login is never lost and never printed.
async function automatic(env: NodeJS.ProcessEnv): Promise<[Backend, ...Backend[]]> {
  const file = fileKeyring(env);
  const native = ownKeyring;
  if (native !== undefined) {
    const backend = await nativeKeyring(native).catch(() => undefined);
    return backend === undefined ? [file] : [backend, file];
  }
  return passIsReady(env, (path) => existsSync(join(path, '.gpg-id'))) ? [passKeyring(env), file] : [file];
}
