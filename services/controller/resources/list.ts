/**
 * The one list mechanism: keyset pages newest first, then refreshes that tell what changed and what was deleted. Items
 * are shown only if the caller has some action on them; fields are cut and the filter applied before a page is full.
 */
import { invalidArgument } from '../../../lib/errors/errors';
import { compileFilter, FilterSyntaxError } from '../../../lib/filter/filter';
import type { Resource } from '../authz/authz';
import type { ControllerDeps } from '../context';
import { rows, row, sql, type RawBuilder } from '../db/db';
import type { Op } from '../rpc/service';
import { MESSAGE } from './fields';
import { decodeListToken, encodeListToken, type ListPhase, type Position } from './list-token';
import { cutFields } from './present';

export interface ListRequest {
  filter: string;
  list_token: string;
  page_size: number;
}

export interface ListResponse<I> {
  items: I[];
  response_type: string;
  list_token: string;
  sort_by: string;
  sort_dir: string;
  removed_ids: string[];
  est_item_count: number;
}

/** How one kind of resource is listed. */
export interface ListDefinition<R extends ListedRow, I extends object> {
  /** Names the resource in grants, tombstones and list tokens. */
  type: string;
  /** `select ... from <table> r join ...`; condition, order and limit are appended. */
  select: RawBuilder<unknown>;
  /** `from <table> r` alone, for the count. */
  from: RawBuilder<unknown>;
  resource(row: R): Resource;
  /** Id actions of the item. */
  actions(row: R): readonly string[];
  /** User whose `:self` actions it is; others need a plain action to see it. */
  owner?(row: R): string | null;
  item(row: R): I;
  /** Fields that depend on the caller, such as `authorized_collection_actions`. */
  extra?(op: Op, row: R): Promise<object>;
  toJSON(item: any): unknown;
}

export interface ListedRow {
  id: string;
  created_time: Date;
  updated_time: Date;
}

/** Changes of concurrent transactions may become visible this much later than their time says. */
const REFRESH_LOOK_BACK_MS = 30_000;
/** Counting stops here; more is only ever estimated. */
const COUNT_LIMIT = 10_000;
/** Rows fetched beyond the page when a filter or missing rights thin it out. */
const MIN_FETCH = 50;

interface Walk {
  by: 'created_time' | 'updated_time';
  after: Position | undefined;
  since: number | undefined;
  began: number;
}

function walkOf(phase: ListPhase | undefined, nowMs: number): Walk {
  switch (phase?.kind) {
    case undefined:
      return { by: 'created_time', after: undefined, since: undefined, began: nowMs };
    case 'pages':
      return { by: 'created_time', after: phase.after, since: undefined, began: phase.began };
    case 'ended':
      return { by: 'updated_time', after: undefined, since: phase.began - REFRESH_LOOK_BACK_MS, began: nowMs };
    case 'refresh':
      return { by: 'updated_time', after: phase.after, since: phase.since, began: phase.began };
  }
}

/**
 * One page. `within` limits the rows (scopes or parent); the caller has already been allowed to list there.
 */
export async function list<R extends ListedRow, I extends object>(
  deps: ControllerDeps,
  op: Op,
  definition: ListDefinition<R, I>,
  within: RawBuilder<unknown>,
  request: ListRequest,
): Promise<ListResponse<Partial<I>>> {
  const matches = compile(request.filter);
  const nowMs = deps.clock.now().getTime();
  const grantsHash = await deps.authz.grantsHash(op);
  const expected = { resourceType: definition.type, grantsHash, nowMs };
  const phase = request.list_token === '' ? undefined : decodeListToken(request.list_token, expected);
  const walk = walkOf(phase, nowMs);
  const max = deps.config.maxPageSize;
  const size = request.page_size > 0 ? Math.min(request.page_size, max) : max;
  const page = await fill(deps, op, definition, within, walk, size, matches);
  const token = (next: ListPhase) => encodeListToken({ ...expected, createdMs: nowMs, phase: next });
  const refresh = walk.since !== undefined;
  return {
    items: page.items,
    response_type: page.more === undefined ? 'complete' : 'delta',
    list_token: nextToken(page, walk, refresh, phase === undefined, token),
    sort_by: walk.by,
    sort_dir: 'desc',
    removed_ids: refresh ? await removedIds(deps, definition.type, walk.since!) : [],
    est_item_count: await estimate(deps, definition, within, page, phase === undefined),
  };
}

function nextToken(
  page: Page<unknown>,
  walk: Walk,
  refresh: boolean,
  initial: boolean,
  token: (p: ListPhase) => string,
): string {
  if (page.more !== undefined) {
    return refresh
      ? token({ kind: 'refresh', began: walk.began, since: walk.since!, after: page.more })
      : token({ kind: 'pages', began: walk.began, after: page.more });
  }
  return initial && page.items.length === 0 ? '' : token({ kind: 'ended', began: walk.began });
}

interface Page<I> {
  items: I[];
  /** Position of the last item when more follow. */
  more: Position | undefined;
}

async function fill<R extends ListedRow, I extends object>(
  deps: ControllerDeps,
  op: Op,
  definition: ListDefinition<R, I>,
  within: RawBuilder<unknown>,
  walk: Walk,
  size: number,
  matches: (input: unknown) => boolean,
): Promise<Page<Partial<I>>> {
  const items: Partial<I>[] = [];
  let last: Position | undefined;
  for (let after = walk.after; ;) {
    const wanted = Math.max(size - items.length + 1, Math.min(MIN_FETCH, deps.config.maxPageSize));
    const batch = await fetch<R>(deps, definition.select, within, { ...walk, after }, wanted);
    for (const candidate of batch) {
      const item = await show(deps, op, definition, candidate);
      after = [candidate[walk.by].getTime(), candidate.id];
      if (item === undefined || !matches({ item: definition.toJSON(item) })) continue;
      if (items.length === size) return { items, more: last };
      items.push(item);
      last = after;
    }
    if (batch.length < wanted) return { items, more: undefined };
  }
}

function fetch<R>(
  deps: ControllerDeps,
  select: RawBuilder<unknown>,
  within: RawBuilder<unknown>,
  walk: Walk,
  limit: number,
) {
  const by = sql.ref(`r.${walk.by}`);
  const after =
    walk.after === undefined
      ? sql`true`
      : sql`(${by}, r.id) < (${new Date(walk.after[0])}::timestamptz, ${walk.after[1]})`;
  const since = walk.since === undefined ? sql`true` : sql`${by} >= ${new Date(walk.since)}::timestamptz`;
  return rows<R>(
    deps.db.executor,
    sql`${select} where ${within} and ${after} and ${since} order by ${by} desc, r.id desc limit ${limit}`,
  );
}

/** The item as the caller may see it, or undefined when it has no action on it. */
async function show<R extends ListedRow, I extends object>(
  deps: ControllerDeps,
  op: Op,
  definition: ListDefinition<R, I>,
  candidate: R,
): Promise<Partial<I> | undefined> {
  const resource = definition.resource(candidate);
  const authorized_actions = await deps.authz.allowedActions(op, definition.actions(candidate), resource);
  const foreign = definition.owner !== undefined && definition.owner(candidate) !== (await deps.authz.actor(op)).userId;
  if (!authorized_actions.some((action) => !foreign || !action.endsWith(':self'))) return undefined;
  const decision = await deps.authz.decide(op, 'list', resource);
  const extra = await definition.extra?.(op, candidate);
  return cutFields({ ...definition.item(candidate), ...extra, authorized_actions }, decision);
}

async function removedIds(deps: ControllerDeps, type: string, since: number): Promise<string[]> {
  const found = await rows<{ id: string }>(
    deps.db.executor,
    sql`select id from tombstones where resource_type = ${type} and deleted_time >= ${new Date(since)}
        order by deleted_time desc, id limit ${COUNT_LIMIT}`,
  );
  return found.map((r) => r.id);
}

async function estimate<R extends ListedRow, I extends object>(
  deps: ControllerDeps,
  definition: ListDefinition<R, I>,
  within: RawBuilder<unknown>,
  page: Page<unknown>,
  initial: boolean,
): Promise<number> {
  if (initial && page.more === undefined) return page.items.length;
  const counted = await row<{ n: bigint }>(
    deps.db.executor,
    sql`select count(*) as n from (select 1 ${definition.from} where ${within} limit ${COUNT_LIMIT}) c`,
  );
  return Number(counted?.n ?? 0n);
}

function compile(filter: string): (input: unknown) => boolean {
  if (filter === '') return () => true;
  try {
    return compileFilter(filter);
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    throw invalidArgument(MESSAGE.identifier, [
      { name: 'filter', description: `This field could not be parsed. ${error.message}` },
    ]);
  }
}
