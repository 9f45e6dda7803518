/** Many rows of a table in one statement: copies of one that was made through the API. */
import { rows, sql, type Executor, type RawBuilder } from '../../services/controller/db/db';

export interface Copies {
  table: string;
  /** Id of the row to copy. */
  of: string;
  count: number;
  /** The number of the first copy, 1 when absent; further calls go on behind the last. */
  first?: number;
  /**
   * Columns that differ, as expressions with `i`, the number of the copy, and `t`, the original.
   */
  columns?: Record<string, RawBuilder<unknown>>;
  /** Milliseconds from one copy to the next. */
  stepMs?: number;
}

/** Id of copy `i` of a row: the same prefix and the number. */
export const copyId = (of: string, i: number): string => `${of.split('_')[0]}_${String(i).padStart(10, '0')}`;

/**
 * Inserts the copies without running triggers; answers their ids. Each is a little younger than the
 * one before.
 */
export async function multiply(on: Executor, copies: Copies): Promise<string[]> {
  const { table, of, count, first = 1, columns = {}, stepMs = 1 } = copies;
  const names = await rows<{ name: string }>(
    on,
    sql`select attname as name from pg_attribute
        where attrelid = ${table}::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
  );
  const later = (name: string) => sql`${sql.ref(`t.${name}`)} + i * ${stepMs} * interval '1 ms'`;
  const changed: Record<string, RawBuilder<unknown>> = {
    id: sql`${of.split('_')[0]} || '_' || lpad(i::text, 10, '0')`,
    created_time: later('created_time'),
    updated_time: later('updated_time'),
    ...columns,
  };
  const values = names.map(({ name }) => changed[name] ?? sql.ref(`t.${name}`));
  await on.connection().execute(async (one) => {
    await sql`set session_replication_role = replica`.execute(one);
    await sql`insert into ${sql.table(table)} (${sql.join(names.map(({ name }) => sql.ref(name)))})
      select ${sql.join(values)} from ${sql.table(table)} t, generate_series(${first}::bigint, ${first + count - 1}::bigint) i
      where t.id = ${of}`.execute(one);
    await sql`set session_replication_role = origin`.execute(one);
  });
  return Array.from({ length: count }, (_, i) => copyId(of, first + i));
}
