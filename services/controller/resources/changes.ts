/** How rows of resources change: optimistic by version, and not found when something named went away meanwhile. */
import { resourceNotFound } from '../../../lib/errors/errors';
import type { Allowed } from '../authz/authz';
import {
  changed,
  databaseError,
  FOREIGN_KEY_VIOLATION,
  sql,
  transaction,
  type Db,
  type RawBuilder,
  type Tx,
} from '../db/db';
import { assignments } from './rows';

/** A change of a row that the caller has seen at `version`. */
export interface Change {
  version: number;
  columns: Record<string, unknown>;
  now: Date;
}

/** Largest value of the version column. */
const MAX_VERSION = 2 ** 31 - 1;

/** Applies the change and counts the version; false when the version is not the current one. */
export async function updateRow(
  tx: Tx,
  table: RawBuilder<unknown>,
  allowed: Allowed,
  change: Change,
): Promise<boolean> {
  if (change.version >= MAX_VERSION) return false;
  const columns = { ...change.columns, version: change.version + 1, updated_time: change.now };
  const statement = sql`update ${table} set ${assignments(columns)}
    where id = ${allowed.resource.id} and version = ${change.version}`;
  return (await changed(tx, statement)) === 1;
}

/** Like {@link transaction}; 404 when a row that the change refers to was deleted after it was looked up. */
export async function changing<T>(db: Db, now: Date, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await transaction(db, now, work);
  } catch (error) {
    if (databaseError(error)?.code === FOREIGN_KEY_VIOLATION) throw resourceNotFound();
    throw error;
  }
}
