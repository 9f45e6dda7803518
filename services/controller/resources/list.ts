/**
 * The one list mechanism: keyset pages newest first, then refreshes that tell what changed and what
 * was deleted. Items are shown only if the caller has some action on them; fields are cut and the
 * filter applied before a page is full.
 */
import type { Filter } from '../../../lib/filter/filter';
import { limit } from '../../../lib/limits/limit';
import type { ResourceType } from '../authz/actions';
import type { Item } from '../authz/authz';
import type { ControllerDeps } from '../context';
import type { Op } from '../rpc/service';
import { encodedSize } from './encoded-size';
import { compileListFilter, passes } from './list-filter';
import { COUNT_LIMIT, countRows, fetchPage, fetchRemoved, type Extent, type Listed, type Walk } from './list-page';
import type { ListPhase, Position } from './list-token';
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
export interface ListDefinition<R extends ListedRow, I extends object> extends Listed {
  /** Names the resource in grants, tombstones and list tokens. */
  type: ResourceType;
  resource(row: R): Item<ResourceType>;
  /** Id actions of the item. */
  actions(row: R): readonly string[];
  /**
   * The owner of the row, its `user_id`, who sees it with `:self` actions. Others need a plain
   * action.
   */
  owner?(row: R): string | null;
  /** Message about a filter that cannot be parsed, for nouns that have another one than most. */
  filterMessage?: string;
  item(row: R): I;
  /** Fields that depend on the caller, such as `authorized_collection_actions`. */
  extra?(op: Op, row: R): Promise<object>;
  toJSON(item: Partial<I>): unknown;
}

export interface ListedRow {
  id: string;
  created_time: Date;
  updated_time: Date;
}

/**
 * The time of a change may be this much before the moment when it becomes visible, because of
 * concurrent transactions.
 */
const REFRESH_LOOK_BACK_MS = 30_000;
/**
 * Rows of one statement when a filter thins them out; it is also what a page without a match keeps
 * in memory.
 */
const FILTERED_FETCH = limit('rows that a filter looks at', 500, {
  what: 'rows that a list with a filter reads in one statement, at least',
  unit: 'rows',
  reached: 'the rest is read by the next statement',
  test: 'services/controller/resources/list-bytes.test.ts: a filter reads its rows in batches',
});
/** Deleted ids of one answer; the next page goes on with the others. */
const REMOVED_LIMIT = limit('deleted ids of an answer', COUNT_LIMIT, {
  what: 'ids in `removed_ids` of one page of a refresh',
  unit: 'ids',
  reached: 'the page is a `delta`, and the next one goes on',
  test: 'test/integration/list-refresh.test.ts: More deleted ids than one answer takes',
});

interface Phase extends Walk {
  began: number;
  /** The last deleted id that the client was told of; undefined in a first listing. */
  removedAfter: Position | undefined;
}

function phaseOf(phase: ListPhase | undefined, nowMs: number): Phase {
  const first = { by: 'created_time', since: undefined, removedAfter: undefined } as const;
  switch (phase?.kind) {
    case undefined:
      return { ...first, after: undefined, began: nowMs };
    case 'pages':
      return { ...first, after: phase.after, began: phase.began };
    case 'ended': {
      const since = phase.began - REFRESH_LOOK_BACK_MS;
      return { by: 'updated_time', after: undefined, since, began: nowMs, removedAfter: [since, ''] };
    }
    case 'refresh':
      return { by: 'updated_time', ...phase };
  }
}

/** What a list works with. */
interface Listing<R extends ListedRow, I extends object> {
  deps: ControllerDeps;
  op: Op;
  definition: ListDefinition<R, I>;
  extent: Extent;
  /** Undefined lets everything through. */
  filter: Filter | undefined;
}

/** Clients of gRPC take 4 MiB at most, unless they are told otherwise. */
const PAGE_BYTES = limit('bytes of a list page', 1 << 20, {
  what: 'encoded items of a list page, as JSON; a page has at least one item',
  unit: 'bytes',
  reached: 'the page ends; the next one goes on behind it',
  test: 'services/controller/resources/list-bytes.test.ts: a page ends at a size too',
});

/** Steps of deciding which actions somebody has on an item, and of making the item. */
export const ITEM_STEPS = 3_000;
/** Bytes of an item that are encoded in one step. */
const BYTES_PER_STEP = 4;

/** Steps of encoding so many bytes. */
export const stepsOfBytes = (bytes: number): number => Math.ceil(bytes / BYTES_PER_STEP);

/** One page of the extent. The caller has already been allowed to list there. */
export async function list<R extends ListedRow, I extends object>(
  deps: ControllerDeps,
  op: Op,
  definition: ListDefinition<R, I>,
  extent: Extent,
  request: ListRequest,
): Promise<ListResponse<Partial<I>>> {
  const listing = {
    deps,
    op,
    definition,
    extent,
    filter: await compileListFilter(op, request.filter, definition.filterMessage),
  };
  const nowMs = deps.clock.now().getTime();
  const expected = { resourceType: definition.type, grantsHash: await deps.authz.grantsHash(op), nowMs };
  const initial = request.list_token === '';
  const phase = phaseOf(initial ? undefined : deps.listTokens.decode(request.list_token, expected), nowMs);
  const max = deps.config.maxPageSize;
  const removed = await removedSince(deps, definition.type, phase.removedAfter);
  const page = await fill(listing, phase, {
    items: request.page_size > 0 ? Math.min(request.page_size, max) : max,
    bytes: PAGE_BYTES - encodedSize(removed.ids),
  });
  const next = nextPhase(page, removed, phase);
  const empty = initial && page.items.length === 0 && next.kind === 'ended';
  return {
    items: page.items,
    response_type: next.kind === 'ended' ? 'complete' : 'delta',
    list_token: empty ? '' : deps.listTokens.encode({ ...expected, createdMs: nowMs, phase: next }),
    sort_by: phase.by,
    sort_dir: 'desc',
    removed_ids: removed.ids,
    est_item_count:
      initial && page.more === undefined ? page.items.length : await countRows(deps.db.executor, definition, extent),
  };
}

interface Page<I> {
  items: I[];
  /** Position of the last item when more follow. */
  more: Position | undefined;
}

interface Removed {
  ids: string[];
  /** Position of the last id; `more` says whether others follow. */
  last: Position | undefined;
  more: boolean;
}

function nextPhase(page: Page<unknown>, removed: Removed, { began, since }: Phase): ListPhase {
  if (page.more === undefined && !removed.more) return { kind: 'ended', began };
  if (since === undefined) return { kind: 'pages', began, after: page.more! };
  // The page precedes all changes: only deleted ids are left to report.
  const after = page.more ?? ([since, ''] as const);
  return { kind: 'refresh', began, since, after, removedAfter: removed.last! };
}

/** What a page holds at most; one item is always in it. */
interface PageSize {
  items: number;
  bytes: number;
}

async function fill<R extends ListedRow, I extends object>(
  listing: Listing<R, I>,
  walk: Walk,
  size: PageSize,
): Promise<Page<Partial<I>>> {
  const { deps, op, definition, extent, filter } = listing;
  const items: Partial<I>[] = [];
  if (extent.length === 0) return { items, more: undefined };
  let last: Position | undefined;
  let bytes = 0;
  // Almost every row of the extent is shown, so one statement makes a page unless there is a
  // filter.
  let wanted = filter === undefined ? size.items + 1 : Math.max(size.items + 1, FILTERED_FETCH);
  for (let after = walk.after; ;) {
    op.signal.throwIfAborted();
    const batch = await fetchPage<R>(deps.db.executor, definition, extent, { ...walk, after }, wanted);
    for (const candidate of batch.rows) {
      after = [candidate[walk.by].getTime(), candidate.id];
      const shown = await show(listing, candidate);
      if (op.work.isDue) await op.work.breathe();
      if (shown === undefined) continue;
      bytes += shown.bytes;
      if (items.length === size.items || (items.length > 0 && bytes > size.bytes)) return { items, more: last };
      items.push(shown.item);
      last = after;
    }
    if (!batch.more) return { items, more: undefined };
    wanted = Math.max(size.items + 1, FILTERED_FETCH);
  }
}

/**
 * The item as the caller may see it; undefined when it has no action on it or the filter leaves it
 * out.
 */
async function show<R extends ListedRow, I extends object>(
  { deps, op, definition, filter }: Listing<R, I>,
  candidate: R,
): Promise<{ item: Partial<I>; bytes: number } | undefined> {
  op.work.charge(ITEM_STEPS);
  const resource = definition.resource(candidate);
  const authorized_actions = await deps.authz.allowedActions(op, definition.actions(candidate), resource);
  const foreign =
    definition.owner !== undefined && definition.owner(candidate) !== (await deps.authz.actor(op, resource)).userId;
  if (!authorized_actions.some((action) => !foreign || !action.endsWith(':self'))) return undefined;
  const decision = await deps.authz.decide(op, 'list', resource);
  const extra = await definition.extra?.(op, candidate);
  const item = cutFields({ ...definition.item(candidate), ...extra, authorized_actions }, decision);
  const bytes = encodedSize(item);
  op.work.charge(stepsOfBytes(bytes));
  return (await passes(op, filter, item, definition.toJSON)) ? { item, bytes } : undefined;
}

async function removedSince(deps: ControllerDeps, type: string, after: Position | undefined): Promise<Removed> {
  if (after === undefined) return { ids: [], last: undefined, more: false };
  const found = await fetchRemoved(deps.db.executor, type, after, REMOVED_LIMIT);
  const end = found.at(-1);
  return {
    ids: found.map((removed) => removed.id),
    last: end === undefined ? after : [end.at.getTime(), end.id],
    more: found.length === REMOVED_LIMIT,
  };
}
