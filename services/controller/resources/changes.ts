/**
 * Changes of rows: with an optimistic check of the version, and "not found" when something that the
 * change names was deleted meanwhile.
 */
import { MAX_INT4 } from '../../../lib/contract/numbers';
import { parentField, tableOf } from '../authz/actions';
import type { AllowedChange, AllowedCreation, AllowedDeletion, AllowedItem } from '../authz/authz';
import { notFound } from '../authz/refusal';
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

/** Table of what the proof is about. */
const table = ({ resource }: AllowedItem) => sql.table(tableOf(resource.type));

export type NewRow = Omit<Change, 'version'>;

/** Statement that makes the item of the proof, where the proof says that it lives. */
export function insertion(allowed: AllowedCreation, { columns, now }: NewRow): RawBuilder<unknown> {
  const { type } = allowed.resource;
  const parent = allowed.pin === undefined ? {} : { [parentField(type)]: allowed.pin };
  const all = { id: allowed.id, scope_id: allowed.scopeId, ...parent, ...columns };
  const names = [...Object.keys(all), 'created_time', 'updated_time'].map((name) => sql.ref(name));
  const values = sql.join([...Object.values(all), now, now]);
  return sql`insert into ${table(allowed)} (${sql.join(names)}) values (${values})`;
}

export async function insertRow(tx: Tx, allowed: AllowedCreation, row: NewRow): Promise<void> {
  await changed(tx, insertion(allowed, row));
}

/** Applies the change and counts the version; false when the version is not the current one. */
export async function updateRow(tx: Tx, allowed: AllowedChange, change: Change): Promise<boolean> {
  if (change.version >= MAX_INT4) return false;
  const columns = { ...change.columns, version: change.version + 1, updated_time: change.now };
  const statement = sql`update ${table(allowed)} set ${assignments(columns)}
    where id = ${allowed.id} and version = ${change.version}`;
  return (await changed(tx, statement)) === 1;
}

export async function deleteRow(tx: Tx, allowed: AllowedDeletion): Promise<void> {
  await changed(tx, sql`delete from ${table(allowed)} where id = ${allowed.id}`);
}

/**
 * Like {@link transaction}; 404 when a row that the change refers to was deleted after it was
 * looked up.
 */
export async function changing<T>(db: Db, now: Date, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await transaction(db, now, work);
  } catch (error) {
    if (databaseError(error)?.code === FOREIGN_KEY_VIOLATION) throw notFound();
    throw error;
  }
}
