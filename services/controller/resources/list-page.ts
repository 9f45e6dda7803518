/**
 * SQL of lists. A page is a walk over keys in index order: each {@link Part} is read newest first
 * from an index and the parts are merged, so that a page costs what it shows however large the
 * table is. Whole rows are joined afterwards.
 */
import { limit } from '../../../lib/limits/limit';
import { row, rows, sql, type Executor, type RawBuilder } from '../db/db';
import type { Position } from './list-token';

/** Rows that a list may show, in the order of an index. */
export interface Part {
  /** Condition on `r`; with {@link each} also on `u.scope_id`. */
  where: RawBuilder<unknown>;
  /** Scopes to take the newest rows of, one after the other. */
  each?: readonly string[];
}

/** Where a list looks: parts without a row in common. */
export type Extent = readonly Part[];

/** How far a walk has come. */
export interface Walk {
  by: 'created_time' | 'updated_time';
  after: Position | undefined;
  /** Refreshes look at rows that changed since, ms since the epoch. */
  since: number | undefined;
}

/**
 * What is listed: `select ... from <table> r join ...`, and `from <table> r` with only what
 * conditions need.
 */
export interface Listed {
  select: RawBuilder<unknown>;
  from: RawBuilder<unknown>;
  /** Columns of {@link select} that may be long. Default: the description. */
  long?: readonly string[];
}

/** More than a page takes, so that without a filter no page needs a second batch for its bytes. */
const FETCHED_BYTES = limit('bytes of rows that a list reads at once', 4 << 20, {
  what: 'rows that a list reads in one statement',
  unit: 'bytes',
  reached: 'the rest is read by the next statement',
  test: 'services/controller/resources/list-bytes.test.ts: rows are read in batches',
});

/** Exact counts end here; larger ones are estimates. */
export const COUNT_LIMIT = limit('counted items of a list', 10_000, {
  what: 'rows that are counted for `est_item_count`',
  unit: 'rows',
  reached: 'the rest is estimated',
  test: 'test/strain/list-plans.test.ts: COUNT_LIMIT',
});
/** Largest value of the API's field. */
const MAX_COUNT = 2 ** 32 - 1;

const union = (selects: readonly RawBuilder<unknown>[]): RawBuilder<unknown> => sql.join(selects, sql` union all `);

/** The next rows of the walk, and whether there are others behind them. */
export interface Batch<R> {
  rows: R[];
  more: boolean;
}

/** The next rows, at most `max`, and no more than one beyond {@link FETCHED_BYTES}. */
export async function fetchPage<R>(
  on: Executor,
  listed: Listed,
  extent: Extent,
  walk: Walk,
  max: number,
): Promise<Batch<R>> {
  const by = sql.ref(`p.${walk.by}`);
  const keys = union(extent.map((part) => keysOf(listed, part, walk, max)));
  // The sizes of a stored row and of its long texts are known without reading texts that are stored
  // apart.
  const texts = (listed.long ?? ['description']).map(
    (name) => sql`coalesce(octet_length(${sql.ref(`p.${name}`)}::text), 0)`,
  );
  const bytes = sql.join([sql`pg_column_size(p)`, ...texts], sql` + `);
  // Each row is looked up by its id: `offset 0` keeps the planner from joining the whole table
  // first.
  const found = await rows<R & { read_bytes: bigint }>(
    on,
    sql`select * from (
          select p.*, sum(${bytes}) over (order by ${by} desc, p.id desc rows unbounded preceding) as read_bytes,
            ${bytes} as own_bytes
          from unnest(array(select k.id from (${keys}) k order by k.at desc, k.id desc limit ${max})) as key (id)
          cross join lateral (${listed.select} where r.id = key.id offset 0) p
        ) p where p.read_bytes - p.own_bytes < ${sql.lit(FETCHED_BYTES)} order by ${by} desc, p.id desc`,
  );
  return { rows: found, more: found.length === max || Number(found.at(-1)?.read_bytes ?? 0) >= FETCHED_BYTES };
}

function keysOf(listed: Listed, part: Part, walk: Walk, limit: number): RawBuilder<unknown> {
  const by = sql.ref(`r.${walk.by}`);
  const conditions = [part.where];
  if (walk.after !== undefined) {
    conditions.push(sql`(${by}, r.id) < (${new Date(walk.after[0])}::timestamptz, ${walk.after[1]})`);
  }
  if (walk.since !== undefined) conditions.push(sql`${by} >= ${new Date(walk.since)}::timestamptz`);
  const keys = sql`(select r.id, ${by} as at ${listed.from} where ${sql.join(conditions, sql` and `)}
    order by ${by} desc, r.id desc limit ${limit})`;
  if (part.each === undefined) return keys;
  return sql`(select k.id, k.at from unnest(${part.each}::text[]) as u (scope_id) cross join lateral ${keys} k)`;
}

const NEWEST: Walk = { by: 'created_time', after: undefined, since: undefined };

/** Number of rows: exact up to {@link COUNT_LIMIT}, beyond it what the planner expects. */
export async function countRows(on: Executor, listed: Listed, extent: Extent): Promise<number> {
  if (extent.length === 0) return 0;
  // In index order, so that no plan reads more than it counts.
  const keys = union(extent.map((part) => keysOf(listed, part, NEWEST, COUNT_LIMIT)));
  const counted = await row<{ n: bigint }>(
    on,
    sql`select count(*) as n from (select from (${keys}) k limit ${COUNT_LIMIT}) c`,
  );
  const n = Number(counted?.n ?? 0n);
  return n < COUNT_LIMIT ? n : Math.min(Math.max(n, await expectedRows(on, listed, extent)), MAX_COUNT);
}

async function expectedRows(on: Executor, listed: Listed, extent: Extent): Promise<number> {
  const selects = extent.map(({ where, each }) =>
    each === undefined
      ? sql`(select 1 ${listed.from} where ${where})`
      : sql`(select 1 from unnest(${each}::text[]) as u (scope_id) cross join lateral (select 1 ${listed.from} where ${where}) k)`,
  );
  const plan = await row<Explained>(on, sql`explain (format json) ${union(selects)}`);
  return plan!['QUERY PLAN'][0].Plan['Plan Rows'];
}

interface Explained {
  'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }];
}

/** Ids of one type that were deleted, oldest first. */
export async function fetchRemoved(
  on: Executor,
  type: string,
  after: Position,
  limit: number,
): Promise<{ id: string; at: Date }[]> {
  return rows(
    on,
    sql`select id, deleted_time as at from tombstones
        where resource_type = ${type} and (deleted_time, id) > (${new Date(after[0])}::timestamptz, ${after[1]})
        order by deleted_time, id limit ${limit}`,
  );
}
