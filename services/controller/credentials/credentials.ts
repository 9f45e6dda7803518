/** Credentials of static stores: their types, which fields are secret, and how they are shown. */
import { prefixesOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { canonicalJson, type Hmac } from '../credential-stores/store-secrets';
import { commonItem, type ItemRow } from '../resources/rows';
import type { Known } from '../resources/attributes';

export type CredentialType = 'username_password' | 'username_password_domain' | 'password' | 'ssh_private_key' | 'json';

interface TypeFacts {
  /** Attributes in clear. */
  plain: readonly ('username' | 'domain')[];
  /** Attributes that go in and never come out. */
  secret: readonly string[];
  optional: readonly string[];
  /** Text for a required attribute that a new one lacks. */
  missing: string;
}

const CANNOT_BE_EMPTY = 'This is a required field and cannot be set to empty.';
const required = (what: string): string => `Field required for creating ${what} credential.`;

export const TYPES: Readonly<Record<CredentialType, TypeFacts>> = {
  username_password: {
    plain: ['username'],
    secret: ['password'],
    optional: [],
    missing: required('a username-password'),
  },
  username_password_domain: {
    plain: ['username', 'domain'],
    secret: ['password'],
    optional: [],
    missing: required('a username-password-domain'),
  },
  password: { plain: [], secret: ['password'], optional: [], missing: required('a password') },
  ssh_private_key: {
    plain: ['username'],
    secret: ['private_key', 'private_key_passphrase'],
    optional: ['private_key_passphrase'],
    missing: required('an SSH private key'),
  },
  json: { plain: [], secret: ['object'], optional: [], missing: CANNOT_BE_EMPTY },
};

/** An attribute that an update would clear. */
export const CLEARED = CANNOT_BE_EMPTY;

/** Those of static stores. */
export const CREDENTIAL_PREFIXES = Object.keys(TYPES).flatMap((type) =>
  prefixesOf('credential', type as CredentialType),
);
export const CREDENTIAL_ACTIONS = idActions('credential');

export const isCredentialType = (type: string): type is CredentialType => Object.hasOwn(TYPES, type);

/**
 * Attributes of a type as requests may carry them. HMACs are known so that the refusal can say what
 * is wrong.
 */
export function knownAttributes(type: CredentialType): Known {
  const { plain, secret } = TYPES[type];
  return Object.fromEntries([
    ...[...plain, ...secret].map((name) => [name, name === 'object' ? 'object' : 'text'] as const),
    ...secret.map((name) => [`${name}_hmac`, 'text'] as const),
  ]);
}

/** Secret attributes by name. */
export type Secret = Readonly<Record<string, unknown>>;

/** Columns with the HMACs of the secret; those that it does not have are null. */
export function hmacColumns(type: CredentialType, secret: Secret, hmac: Hmac): Record<string, string | null> {
  const columns = TYPES[type].secret.map((name) => {
    const value = secret[name];
    const text = typeof value === 'string' ? value : canonicalJson(value);
    return [`${name}_hmac`, value === undefined ? null : hmac(text)] as const;
  });
  return Object.fromEntries(columns);
}

export interface CredentialRow extends ItemRow {
  scope_id: string;
  credential_store_id: string;
  type: CredentialType;
  username: string | null;
  domain: string | null;
  password_hmac: string | null;
  private_key_hmac: string | null;
  private_key_passphrase_hmac: string | null;
  object_hmac: string | null;
}

export const credentialResource = (
  row: Pick<CredentialRow, 'id' | 'scope_id' | 'credential_store_id' | 'scope'>,
): Item<'credential'> => ({
  type: 'credential',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
  pin: row.credential_store_id,
});

const SHOWN = [
  'username',
  'domain',
  'password_hmac',
  'private_key_hmac',
  'private_key_passphrase_hmac',
  'object_hmac',
] as const;

export const credentialItem = (row: CredentialRow) => ({
  ...commonItem(row),
  credential_store_id: row.credential_store_id,
  type: row.type,
  attributes: Object.fromEntries(SHOWN.map((name) => [name, row[name]] as const).filter(([, value]) => value !== null)),
});

/** What a session's user gets: the secret with what belongs to it. */
export const brokeredFields = (
  type: CredentialType,
  row: Pick<CredentialRow, 'username' | 'domain'>,
  secret: Secret,
): Record<string, unknown> =>
  type === 'json'
    ? (secret.object as Record<string, unknown>)
    : { ...Object.fromEntries(TYPES[type].plain.map((name) => [name, row[name]])), ...secret };
