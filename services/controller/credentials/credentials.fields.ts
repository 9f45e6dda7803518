/** Fields of credentials as callers send them: what is acceptable, and what is stored. */
import { subtypeOf } from '../../../lib/contract/id-prefixes';
import { invalidArgument } from '../../../lib/errors/errors';
import { hasIdForm } from '../../../lib/ids/ids';
import type { Work } from '../../../lib/limits/work';
import { checkPrivateKey, normalizedPrivateKey, PrivateKeyError } from '../../../lib/ssh-keys/private-key';
import { Credential, type UpdateCredentialRequest } from '../../../proto/gen/api/credentials';
import { STATIC_STORE_PREFIXES } from '../credential-stores/credential-stores';
import { readAttributes } from '../resources/attributes';
import {
  checkCreate,
  checkShortText,
  checkUpdate,
  FieldErrors,
  maskedColumns,
  MESSAGE,
  storedText,
} from '../resources/fields';
import type { Op } from '../rpc/service';
import {
  CLEARED,
  CREDENTIAL_PREFIXES,
  isCredentialType,
  knownAttributes,
  TYPES,
  type CredentialType,
  type Secret,
} from './credentials';

type Given = Readonly<Record<string, unknown>>;

/** Values that count as none. */
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || (typeof value === 'object' && Object.keys(value as object).length === 0);

export interface NewCredential {
  type: CredentialType;
  /** Columns in clear, names and all. */
  columns: Record<string, unknown>;
  secret: Secret;
}

/** Throws 400 with everything that is wrong. */
export function newCredential(item: Credential): NewCredential {
  const errors = new FieldErrors();
  const storeFits = hasIdForm(item.credential_store_id, ...STATIC_STORE_PREFIXES);
  errors.require(storeFits, 'credential_store_id', 'This field must be a valid credential store id.');
  const type = isCredentialType(item.type) ? item.type : undefined;
  if (type === undefined) errors.add('type', `Unsupported credential type "${item.type}"`);
  const given = type === undefined ? undefined : readAttributes(item.attributes, knownAttributes(type));
  if (type !== undefined && given !== undefined) checkNewAttributes(errors, type, given);
  checkShortText(errors, item);
  checkCreate(errors, item).throwIfAny();
  return {
    type: type!,
    columns: {
      name: storedText(item.name),
      description: storedText(item.description),
      ...pick(given!, TYPES[type!].plain),
    },
    secret: storedSecret(pick(given!, TYPES[type!].secret)),
  };
}

/** As it is kept. A key that ssh would not read later is mended now. */
const storedSecret = <S extends Given>(secret: S): S =>
  typeof secret.private_key === 'string'
    ? { ...secret, private_key: normalizedPrivateKey(secret.private_key) }
    : secret;

function checkNewAttributes(errors: FieldErrors, type: CredentialType, given: Given): void {
  const { plain, secret, optional, missing } = TYPES[type];
  for (const name of [...plain, ...secret]) {
    errors.require(optional.includes(name) || !isEmpty(given[name]), `attributes.${name}`, missing);
  }
  for (const name of secret) {
    errors.require(given[`${name}_hmac`] === undefined, `attributes.${name}_hmac`, 'This is a read only field.');
  }
}

/**
 * Throws 400 when a private key and its passphrase do not fit. The check can take seconds of work,
 * so it comes after the decision whether the caller may create or change the credential.
 */
export async function checkSecret({ work }: Op, type: CredentialType, secret: Given): Promise<void> {
  if (type !== 'ssh_private_key') return;
  const errors = new FieldErrors();
  await checkKey(errors, secret, work);
  errors.throwIfAny(MESSAGE.request);
}

/** Says what is wrong with a private key and its passphrase. */
async function checkKey(errors: FieldErrors, secret: Given, work: Work): Promise<void> {
  const passphrase = isEmpty(secret.private_key_passphrase) ? undefined : String(secret.private_key_passphrase);
  try {
    await checkPrivateKey(String(secret.private_key), passphrase, work);
  } catch (error) {
    if (!(error instanceof PrivateKeyError)) throw error;
    const aboutPassphrase = error.problem === 'wrong passphrase' || error.problem === 'passphrase without need';
    if (aboutPassphrase) errors.add('attributes.private_key_passphrase', error.message);
    else errors.add('attributes.private_key', `Unable to parse given private key value: ${error.message}.`);
  }
}

export interface CredentialChange {
  columns: Record<string, unknown>;
  /** Secret attributes that change; null clears. Undefined when none does. */
  secret: Readonly<Record<string, unknown>> | undefined;
}

/** Throws 400 with everything that is wrong. */
export function changedCredential(request: UpdateCredentialRequest): CredentialChange {
  const errors = new FieldErrors();
  const item = request.item ?? Credential.fromPartial({});
  const type = typeOfCredential(request.id);
  checkShortText(errors, item);
  if (type === undefined) return refuseId(errors, request);
  errors.require(['', type].includes(item.type), 'type', 'Cannot modify resource type.');
  const { plain, secret, optional } = TYPES[type];
  const writable = [...plain, ...secret];
  const mask = (request.update_mask ?? []).flatMap((path) =>
    path === 'attributes' ? writable.map((name) => `attributes.${name}`) : [path],
  );
  const given = readAttributes(item.attributes, knownAttributes(type));
  for (const name of writable.filter((one) => mask.includes(`attributes.${one}`) && !optional.includes(one))) {
    errors.require(!isEmpty((given as Given)[name]), `attributes.${name}`, CLEARED);
  }
  checkUpdate(errors, request, CREDENTIAL_PREFIXES).throwIfAny();
  refuseReadOnly(mask);
  return splitChange(mask, item, given, { plain, secret });
}

function splitChange(
  mask: readonly string[],
  item: Credential,
  given: Given,
  { plain, secret }: { plain: readonly string[]; secret: readonly string[] },
): CredentialChange {
  const paths = Object.fromEntries([
    ['name', 'name'],
    ['description', 'description'],
    ...[...plain, ...secret].map((name) => [`attributes.${name}`, name] as const),
  ]) as Record<string, string>;
  const changes = maskedColumns(mask, paths, (path) => {
    if (path === 'name' || path === 'description') return storedText(item[path]);
    const value = given[path.slice('attributes.'.length)];
    return isEmpty(value) ? null : value;
  });
  const entries = Object.entries(changes);
  const secrets = entries.filter(([column]) => secret.includes(column));
  return {
    columns: Object.fromEntries(entries.filter(([column]) => !secret.includes(column))),
    secret: secrets.length === 0 ? undefined : storedSecret(Object.fromEntries(secrets)),
  };
}

function refuseId(errors: FieldErrors, request: UpdateCredentialRequest): never {
  checkUpdate(errors, request, CREDENTIAL_PREFIXES).throwIfAny();
  throw new Error('an id with a known prefix has a type');
}

function refuseReadOnly(mask: readonly string[]): void {
  if (!mask.some((path) => path.endsWith('_hmac'))) return;
  throw invalidArgument('Error in provided request', [
    { name: 'update_mask', description: 'Invalid update mask provided.' },
  ]);
}

/**
 * The secret after a change. A passphrase belongs to its key, so a new key comes with its own or
 * with none. Throws 400 when key and passphrase do not fit.
 */
export async function mergedSecret(
  op: Op,
  type: CredentialType,
  { current, change }: { current: Secret; change: Given },
): Promise<Secret> {
  const kept = change.private_key === undefined ? current : {};
  const merged = Object.fromEntries(
    Object.entries({ ...kept, ...change }).filter(([, value]) => value !== null && value !== ''),
  );
  await checkSecret(op, type, merged);
  return merged;
}

/** Type that the prefix of an id tells. */
export function typeOfCredential(id: string): CredentialType | undefined {
  const type = subtypeOf(id, 'credential');
  return type === undefined || type === 'vault' ? undefined : type;
}

const pick = (given: Given, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.filter((name) => !isEmpty(given[name])).map((name) => [name, given[name]]));
