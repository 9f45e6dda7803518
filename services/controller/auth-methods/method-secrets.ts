/**
 * Secrets of auth methods on their way into the database: encrypted, each with the id of its key
 * and an HMAC.
 */
import type { Executor } from '../db/db';
import type { Kms } from '../kms/kms';
import type { SecretPlace } from '../resources/secret-place';
import { SECRET_COLUMNS, type Columns, type SecretName } from './attribute-rules';

/**
 * The column of the key's id, such as `client_secret_key_id`; a name that ends in `_key` keeps one
 * `key` only.
 */
const keyColumn = (name: string): string => `${name.replace(/_key$/, '')}_key_id`;

/**
 * Replaces each secret among the columns, as given for `place`; null clears the secret and what
 * belongs to it.
 */
export async function sealSecrets(
  kms: Kms,
  on: Executor,
  method: { id: string; scopeId: string },
  secrets: readonly SecretName[],
  columns: Columns,
  place: SecretPlace,
): Promise<Columns> {
  const sealed: Columns = { ...columns };
  for (const name of secrets) {
    const secret = columns[name];
    if (typeof secret === 'string') {
      const at = { column: SECRET_COLUMNS[name], row: method.id };
      const { ciphertext, keyId } = await kms.encrypt(on, method.scopeId, 'database', Buffer.from(secret), at);
      sealed[name] = ciphertext;
      sealed[keyColumn(name)] = keyId;
      sealed[`${name}_place`] = JSON.stringify(place);
      sealed[`${name}_hmac`] = await kms.hmac(on, method.scopeId, secret, `${method.id} ${name}`);
    } else if (secret === null) {
      sealed[name] = sealed[keyColumn(name)] = sealed[`${name}_hmac`] = sealed[`${name}_place`] = null;
    }
  }
  return sealed;
}
