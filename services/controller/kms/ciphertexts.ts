/**
 * Every column that holds a ciphertext, so that what a key version encrypts can be found and
 * encrypted anew. A test compares this list with the schema's references to key versions.
 */

export interface CiphertextTable {
  table: string;
  /** Column that identifies a row. */
  id: string;
  /** Column with the id of the data key version. */
  keyColumn: string;
  /** Ciphertexts of that key version; any of them may be null. */
  columns: readonly string[];
}

const table = <T extends string, C extends string>(
  name: T,
  columns: readonly C[],
  id = 'id',
  keyColumn = 'key_id',
) => ({
  table: name,
  id,
  keyColumn,
  columns,
});

const TABLES = [
  table('auth_tokens', ['token']),
  table('sessions', ['private_key']),
  table('worker_activation_tokens', ['creation_time']),
  table('worker_registrations', ['secret']),
  table('ca_certificates', ['private_key'], 'slot'),
  table('deployment_keys', ['key'], 'purpose'),
  table('credential_stores', ['hmac_key']),
  table('vault_credential_stores', ['token', 'client_certificate_key']),
  table('credential_libraries', ['http_request_body']),
  table('credentials', ['secret']),
  // Auth methods name the key of each secret.
  table('oidc_auth_methods', ['client_secret'], 'id', 'client_secret_key_id'),
  table('ldap_auth_methods', ['client_certificate_key'], 'id', 'client_certificate_key_id'),
  table('ldap_auth_methods', ['bind_password'], 'id', 'bind_password_key_id'),
] as const;

export const CIPHERTEXTS: readonly CiphertextTable[] = TABLES;

/**
 * Columns of a table that differ whenever a text is encrypted, even the same one: ciphertexts and
 * names of their keys.
 */
export const sealedColumns = (name: string): ReadonlySet<string> =>
  new Set(CIPHERTEXTS.flatMap(({ table: of, columns, keyColumn }) => (of === name ? [...columns, keyColumn] : [])));

type ColumnOf<T> = T extends { table: infer N extends string; columns: readonly (infer C extends string)[] }
  ? `${N}.${C}`
  : never;

/** `table.column` of a ciphertext. */
export type CiphertextColumn = ColumnOf<(typeof TABLES)[number]>;

/** Where a ciphertext stands. It can be opened there and nowhere else. */
export interface CiphertextPlace {
  column: CiphertextColumn;
  /** What identifies the row. */
  row: string;
}

/** The associated data of the encryption. */
export const associatedData = ({ column, row }: CiphertextPlace): string => `${column} ${row}`;

/** The place of a ciphertext of {@link CIPHERTEXTS}. */
export const placeIn = ({ table: name }: CiphertextTable, column: string, row: string): CiphertextPlace => ({
  column: `${name}.${column}` as CiphertextColumn,
  row,
});
