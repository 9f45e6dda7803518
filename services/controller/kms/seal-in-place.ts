/**
 * The part of an upgrade that needs the root key: databases of release 0.1.0 hold ciphertexts that
 * are bound to the id of their row only. Each is sealed anew for its column and row, with the key
 * that it has. It can be interrupted anywhere and run again; what is in place stays as it is. The
 * key of list tokens is made last and tells that all is done, so that a later start reads nothing.
 */
import { transaction, type Db, type Tx } from '../db/db';
import { selectDeploymentKey } from '../workers/authority.store';
import { createDeploymentKey } from '../workers/deployment';
import { CIPHERTEXTS, placeIn, type CiphertextTable } from './ciphertexts';
import * as store from './destruction.store';
import type { Kms } from './kms';

/** Rows of one transaction. */
const BATCH = 200;

/** Answers how many ciphertexts were sealed anew. */
export async function sealInPlace(db: Db, kms: Kms, now: Date): Promise<number> {
  if ((await selectDeploymentKey(db.executor, 'list tokens')) !== undefined) return 0;
  let count = 0;
  for (const table of CIPHERTEXTS) {
    let after: string | undefined = '';
    while (after !== undefined) {
      const from: string = after;
      const done = await transaction(db, now, (tx) => sealBatch(tx, kms, table, from));
      count += done.sealed;
      after = done.last;
    }
  }
  await transaction(db, now, (tx) => createDeploymentKey(tx, kms, 'list tokens', now));
  return count;
}

async function sealBatch(
  tx: Tx,
  kms: Kms,
  table: CiphertextTable,
  after: string,
): Promise<{ sealed: number; last: string | undefined }> {
  const found = await store.lockRows(tx, table, after, BATCH);
  let sealed = 0;
  for (const row of found) {
    const changes: Record<string, Buffer> = {};
    for (const column of table.columns) {
      const ciphertext = row[column];
      if (!Buffer.isBuffer(ciphertext)) continue;
      const former = formerBinding(table, column, row.id);
      const anew = await kms.bind(tx, row.key_id as string, ciphertext, former, placeIn(table, column, row.id));
      if (anew !== undefined) changes[column] = anew;
    }
    sealed += Object.keys(changes).length;
    if (Object.keys(changes).length > 0) await store.storeCiphertexts(tx, table, row.id, changes);
  }
  return { sealed, last: found.length < BATCH ? undefined : found.at(-1)!.id };
}

/** The associated data of release 0.1.0. */
function formerBinding({ table }: CiphertextTable, column: string, row: string): string {
  if (table === 'ca_certificates') return `ca ${row}`;
  if (table === 'deployment_keys') return `deployment key ${row}`;
  return table.endsWith('_auth_methods') ? `${row} ${column}` : row;
}
