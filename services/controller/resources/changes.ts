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
  row,
  sql,
  transaction,
  type Db,
  type RawBuilder,
  type Tx,
} from '../db/db';
import { sealedColumns } from '../kms/ciphertexts';
import { assignments } from './rows';

/** A change of a row that the caller has seen at `version`. */
export interface Change {
  version: number;
  columns: Columns;
  now: Date;
  /** What changes in the row with the same id that another table has. */
  beside?: { table: string; columns: Columns } | undefined;
}

type Columns = Record<string, unknown>;

const tableNameOf = ({ resource }: AllowedItem): string => tableOf(resource.type);
/** Table of what the proof is about. */
const table = (allowed: AllowedItem) => sql.table(tableNameOf(allowed));

export type NewRow = Pick<Change, 'columns' | 'now'>;

/** Statement that makes the item of the proof, where the proof says that it lives. */
export function insertion(allowed: AllowedCreation, { columns, now }: NewRow): RawBuilder<unknown> {
  const { type } = allowed.resource;
  const parent = allowed.pin === undefined ? {} : { [parentField(type)]: allowed.pin };
  const all = { id: allowed.id, scope_id: allowed.scopeId, ...parent, ...columns };
  const names = [...Object.keys(all), 'created_time', 'updated_time'].map((name) => sql.ref(name));
  const values = sql.join([...Object.values(all), now, now]);
  return sql`insert into ${table(allowed)} (${sql.join(names)}) values (${values})`;
}

export async function insertRow(tx: Tx, allowed: AllowedCreation, made: NewRow): Promise<void> {
  await changed(tx, insertion(allowed, made));
}

/**
 * Applies the change and counts the version; false when the version is not the current one. An
 * update to what is there already is none: the row keeps its version and its time. Other actions
 * come here only with something to change.
 */
export async function updateRow(tx: Tx, allowed: AllowedChange, change: Change): Promise<boolean> {
  const { version, now, beside } = change;
  if (version >= MAX_INT4) return false;
  const seen = sql`r.id = ${allowed.id} and r.version = ${version}`;
  const columns = { ...change.columns, version: version + 1, updated_time: now };
  const statement = sql`update ${table(allowed)} r set ${assignments(columns)}
    where ${seen} and ${allowed.action === 'update' ? differs(allowed, change) : sql`true`}`;
  if ((await changed(tx, statement)) === 0) {
    return (await row(tx, sql`select from ${table(allowed)} r where ${seen}`)) !== undefined;
  }
  if (beside !== undefined && Object.keys(beside.columns).length > 0) {
    const set = assignments(beside.columns);
    await changed(tx, sql`update ${sql.table(beside.table)} set ${set} where id = ${allowed.id}`);
  }
  return true;
}

/** Whether the row `r`, or the one beside it, has other values than those of the change. */
function differs(allowed: AllowedItem, { columns, beside }: Change): RawBuilder<unknown> {
  const here = differences(tableNameOf(allowed), columns, 'r');
  const there = beside === undefined ? [] : differences(beside.table, beside.columns, 'b');
  if (there.length > 0) {
    const any = sql.join(there, sql` or `);
    here.push(sql`exists (select from ${sql.table(beside!.table)} b where b.id = r.id and (${any}))`);
  }
  return here.length === 0 ? sql`false` : sql`(${sql.join(here, sql` or `)})`;
}

/** Secrets are compared by their HMACs where there are any: ciphertexts of one text differ. */
function differences(name: string, columns: Columns, alias: string): RawBuilder<unknown>[] {
  const names = Object.keys(columns);
  const sealed = names.some((column) => column.endsWith('_hmac')) ? sealedColumns(name) : new Set<string>();
  return names
    .filter((column) => !sealed.has(column))
    .map((column) => sql`${sql.ref(`${alias}.${column}`)} is distinct from ${columns[column]}`);
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
