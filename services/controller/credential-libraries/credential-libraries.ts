/**
 * Credential libraries: which path of a store's Vault gives credentials, and how its answer is
 * understood.
 */
import { ID_PREFIXES, prefixesOf, subtypeOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export type LibraryType = keyof (typeof ID_PREFIXES)['credential-library'];

export const LIBRARY_PREFIXES = prefixesOf('credential-library');
export const LIBRARY_ACTIONS = idActions('credential-library');

/** Type that the prefix of an id tells. */
export const typeOfLibrary = (id: string): LibraryType | undefined => subtypeOf(id, 'credential-library');

const GENERIC = { path: 'text', http_method: 'text', http_request_body: 'text' } as const;
const SSH_CERTIFICATE = {
  path: 'text',
  username: 'text',
  key_type: 'text',
  key_bits: 'number',
  ttl: 'text',
  key_id: 'text',
  critical_options: 'object',
  extensions: 'object',
  additional_valid_principals: 'texts',
} as const;

/** Attributes by type. */
export const LIBRARY_ATTRIBUTES = {
  'vault-generic': GENERIC,
  'vault-ssh-certificate': SSH_CERTIFICATE,
  'vault-ldap': { path: 'text' },
} as const;

/**
 * Credential types that a generic library may have, with the names that its mapping may override.
 */
export const MAPPING_KEYS: Readonly<Record<string, readonly string[]>> = {
  username_password: ['username_attribute', 'password_attribute'],
  username_password_domain: ['username_attribute', 'password_attribute', 'domain_attribute'],
  password: ['password_attribute'],
  ssh_private_key: ['username_attribute', 'private_key_attribute', 'private_key_passphrase_attribute'],
};

/** Credential type of libraries that give no choice. */
export const FIXED_CREDENTIAL_TYPE: Partial<Record<LibraryType, string>> = {
  'vault-ssh-certificate': 'ssh_certificate',
  'vault-ldap': 'username_password_domain',
};

export interface LibraryRow extends ItemRow {
  scope_id: string;
  credential_store_id: string;
  type: LibraryType;
  credential_type: string | null;
  credential_mapping_overrides: Record<string, string>;
  attributes: Record<string, unknown>;
  http_request_body: Buffer | null;
  key_id: string | null;
}

export const libraryResource = (
  row: Pick<LibraryRow, 'id' | 'scope_id' | 'credential_store_id' | 'scope'>,
): Item<'credential-library'> => ({
  type: 'credential-library',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
  pin: row.credential_store_id,
});

export const libraryItem = (row: LibraryRow) => ({
  ...commonItem(row),
  credential_store_id: row.credential_store_id,
  type: row.type,
  attributes: row.attributes,
  credential_type: row.credential_type ?? '',
  credential_mapping_overrides:
    Object.keys(row.credential_mapping_overrides).length === 0 ? undefined : row.credential_mapping_overrides,
});
