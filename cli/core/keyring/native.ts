/**
 * Tokens in the secret store of the operating system, through an optional package. Reads of an
 * unusable store answer "no entry", so only a write tells whether it works: {@link Backend.set}
 * reads back what it wrote.
 */
import { hasKeyring, platformName } from '../../../lib/platform/system';
import { LocalError } from '../../io/errors';
import type { Backend } from './backend';

const SERVICE = 'Sallyport Auth Token';

interface Entry {
  getPassword(): string | null;
  setPassword(text: string): void;
  deletePassword(): boolean;
}

interface KeyringModule {
  Entry: new (service: string, account: string) => Entry;
}

export async function nativeKeyring(type: 'secret-service' | 'keychain' | 'wincred'): Promise<Backend> {
  if (!hasKeyring(type))
    throw new LocalError(`The keyring ${type} does not exist on ${platformName}; choose another -keyring-type`);
  const { Entry } = await loadModule(type);
  const entry = (name: string): Entry => new Entry(SERVICE, name);
  return {
    description: `the ${type} of the operating system`,
    get: (name) => Promise.resolve(entry(name).getPassword() ?? undefined),
    set(name, text) {
      entry(name).setPassword(text);
      if (entry(name).getPassword() !== text) throw new Error('it took the token but does not give it back');
      return Promise.resolve();
    },
    delete: (name) => Promise.resolve(entry(name).deletePassword()),
  };
}

async function loadModule(type: string): Promise<KeyringModule> {
  try {
    return await import('@napi-rs/keyring');
  } catch {
    throw new LocalError(`The keyring ${type} needs the package @napi-rs/keyring, which is not installed`);
  }
}
