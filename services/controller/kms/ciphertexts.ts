/**
 * Every column that holds a ciphertext, so that what a key version encrypts can be found and encrypted anew. A test
 * compares this list with the schema's references to key versions.
 */

export interface CiphertextPlace {
  table: string;
  /** Column that identifies a row. */
  id: string;
  /** Column with the id of the data key version. */
  keyColumn: string;
  /** Ciphertexts of that key version; any of them may be null. */
  columns: readonly string[];
  /** What the ciphertexts of a row are bound to. */
  aad(id: string, column: string): string;
}

const byId = (table: string, columns: readonly string[]): CiphertextPlace => ({
  table,
  id: 'id',
  keyColumn: 'key_id',
  columns,
  aad: (id) => id,
});

/** Auth methods name the key of each secret. */
const secretOf = (table: string, column: string, keyColumn = `${column}_key_id`): CiphertextPlace => ({
  table,
  id: 'id',
  keyColumn,
  columns: [column],
  aad: (id) => `${id} ${column}`,
});

export const CIPHERTEXTS: readonly CiphertextPlace[] = [
  byId('auth_tokens', ['token']),
  byId('sessions', ['private_key']),
  byId('worker_activation_tokens', ['creation_time']),
  byId('worker_registrations', ['secret']),
  { ...byId('ca_certificates', ['private_key']), id: 'slot', aad: (slot) => `ca ${slot}` },
  { ...byId('deployment_keys', ['key']), id: 'purpose', aad: (purpose) => `deployment key ${purpose}` },
  byId('credential_stores', ['hmac_key']),
  byId('vault_credential_stores', ['token', 'client_certificate_key']),
  byId('credential_libraries', ['http_request_body']),
  byId('credentials', ['secret']),
  secretOf('oidc_auth_methods', 'client_secret'),
  secretOf('ldap_auth_methods', 'client_certificate_key', 'client_certificate_key_id'),
  secretOf('ldap_auth_methods', 'bind_password'),
];
