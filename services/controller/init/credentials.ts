/** The credential that a target of a new deployment hands to its users. */
import { newHmacKey } from '../credential-stores/store-secrets';
import { insertStoreRow } from '../credential-stores/credential-stores.store';
import { hmacColumns } from '../credentials/credentials';
import { changed, sql, type Tx } from '../db/db';
import type { Kms } from '../kms/kms';
import type { PlannedCredential } from './plan';

const STORE = { name: 'Generated static credential store', description: 'Holds the credential of the demo database' };
const CREDENTIAL = { name: 'Generated demo credential', description: 'Role of the demo database' };

/** A static store with a username and password, brokered by the target, which gets version 2. */
export async function brokerCredential(
  tx: Tx,
  kms: Kms,
  projectId: string,
  targetId: string,
  { storeId, id, username, password }: PlannedCredential,
  now: Date,
): Promise<void> {
  const { hmac, sealed: hmacKey } = await newHmacKey(kms, tx, { id: storeId, scopeId: projectId });
  await insertStoreRow(tx, {
    ...{ id: storeId, scope_id: projectId, type: 'static', columns: STORE, now },
    ...{ hmac_key: hmacKey.ciphertext, key_id: hmacKey.keyId },
  });
  const secret = await kms.encrypt(tx, projectId, 'database', Buffer.from(JSON.stringify({ password })), {
    column: 'credentials.secret',
    row: id,
  });
  const { password_hmac } = hmacColumns('username_password', { password }, hmac);
  await changed(
    tx,
    sql`insert into credentials (id, credential_store_id, scope_id, type, name, description, username, secret, key_id,
          password_hmac, created_time, updated_time)
        values (${id}, ${storeId}, ${projectId}, 'username_password', ${CREDENTIAL.name}, ${CREDENTIAL.description},
          ${username}, ${secret.ciphertext}, ${secret.keyId}, ${password_hmac}, ${now}, ${now})`,
  );
  await changed(
    tx,
    sql`insert into target_credential_sources (target_id, scope_id, purpose, credential_id)
        values (${targetId}, ${projectId}, 'brokered', ${id})`,
  );
  await changed(tx, sql`update targets set version = 2 where id = ${targetId}`);
}
