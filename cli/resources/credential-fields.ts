import { checkPrivateKey, PrivateKeyError } from '../../lib/ssh-keys/private-key';
import type { Context } from '../core/command';
import { UsageError } from '../io/errors';
import { setPath, type Body, type Field } from '../core/fields';
import { pairedObject, pairFlags } from '../core/pair-flags';
import { askHidden } from '../io/prompt';

const secretField = (name: string, description: string): Field => ({
  flag: { name, type: 'string', description: `${description}: file:// or env://.` },
  path: `attributes.${name.replaceAll('-', '_')}`,
  indirect: true,
});

export const USERNAME: Field = {
  flag: { name: 'username', type: 'string', description: 'User name.' },
  path: 'attributes.username',
};
export const DOMAIN: Field = {
  flag: {
    name: 'domain',
    type: 'string',
    description: 'Domain of the user. Taken from "user@domain" or "domain\\user" in -username when absent.',
  },
  path: 'attributes.domain',
};
export const PASSWORD = secretField('password', 'Password');
export const PRIVATE_KEY: Field = {
  ...secretField('private-key', 'Private key'),
  // The final line end is no part of a reference's value, but of a key.
  parse: (text) => `${text}\n`,
};
export const PASSPHRASE = secretField('private-key-passphrase', 'Passphrase of the private key');

const OBJECT = { whole: 'object', piece: 'kv' };
export const OBJECT_FLAGS = pairFlags(OBJECT, 'the secret object');

/** Adds the secret object to the body. */
export async function completeObject(context: Context, body: Body): Promise<void> {
  const object = pairedObject(context, OBJECT);
  if (object === null) throw new UsageError('-object must be a JSON object; it cannot be cleared');
  if (object !== undefined) put(body, 'object', object);
}

/** Splits user name and domain where one flag gives both. */
export async function completeDomain(_context: Context, body: Body): Promise<void> {
  const { username, domain } = attributesOf(body);
  if (typeof username !== 'string') return;
  const separators = username.match(/[@\\]/g) ?? [];
  if (separators.length === 0) return;
  if (separators.length > 1 || domain !== undefined)
    throw new UsageError('-username must hold one domain at most, and none beside -domain');
  const [before, behind] = username.split(separators[0]!) as [string, string];
  const [name, place] = separators[0] === '@' ? [before, behind] : [behind, before];
  if (name === '' || place === '') throw new UsageError('-username must be "user@domain" or "domain\\user"');
  put(body, 'username', name);
  put(body, 'domain', place);
}

/** Checks the private key here, and asks for its passphrase when it needs one. */
export async function completePrivateKey(context: Context, body: Body): Promise<void> {
  const { private_key: key, private_key_passphrase: passphrase } = attributesOf(body);
  if (typeof key !== 'string') return;
  const given = typeof passphrase === 'string' && passphrase !== '' ? passphrase : undefined;
  const problem = await problemOf(key, given);
  if (problem === undefined) return;
  if (problem.problem === 'passphrase without need') {
    context.printer.warn('The private key has no passphrase; -private-key-passphrase is ignored.');
    delete attributesOf(body).private_key_passphrase;
    body.mask.splice(body.mask.indexOf('attributes.private_key_passphrase'), 1);
    return;
  }
  if (problem.problem !== 'passphrase needed') throw new UsageError(`-private-key: ${problem.message}`);
  const asked = await askHidden(context.io, 'passphrase for the private key');
  const wrong = await problemOf(key, asked);
  if (wrong !== undefined) throw new UsageError(`-private-key-passphrase: ${wrong.message}`);
  put(body, 'private_key_passphrase', asked);
}

async function problemOf(key: string, passphrase: string | undefined): Promise<PrivateKeyError | undefined> {
  try {
    await checkPrivateKey(key, passphrase);
    return undefined;
  } catch (error) {
    if (error instanceof PrivateKeyError) return error;
    throw error;
  }
}

const attributesOf = (body: Body): Record<string, unknown> => (body.item.attributes ?? {}) as Record<string, unknown>;

function put(body: Body, name: string, value: unknown): void {
  const path = `attributes.${name}`;
  setPath(body.item, path, value);
  if (!body.mask.includes(path)) body.mask.push(path);
}
