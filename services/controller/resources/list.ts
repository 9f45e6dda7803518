/**
 * The one list mechanism: keyset pages newest first, then refreshes that tell what changed and what was deleted. Items
 * are shown only if the caller has some action on them; fields are cut and the filter applied before a page is full.
 */
import { invalidArgument } from '../../../lib/errors/errors';
import { compileFilter, FilterSyntaxError } from '../../../lib/filter/filter';
import type { Resource } from '../authz/authz';
import type { ControllerDeps } from '../context';
import type { Op } from '../rpc/service';
import { MESSAGE } from './fields';
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
  type: string;
  resource(row: R): Resource;
  /** Id actions of the item. */
  actions(row: R): readonly string[];
  /** User whose `:self` actions it is, `user_id` of the row; others need a plain action to see it. */
  owner?(row: R): string | null;
  /** Message about a filter that cannot be parsed, of nouns whose list errors have another than most. */
  filterMessage?: string;
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
/** Rows of one statement when a filter thins them out; it is also what a page without a match keeps in memory. */
const FILTERED_FETCH = 500;
/** Deleted ids of one answer; the next page goes on with the others. */
const REMOVED_LIMIT = COUNT_LIMIT;

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
  matches: ((input: unknown) => boolean) | undefined;
}

/** One page of what is in the extent; the caller has already been allowed to list there. */
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
    matches: request.filter === '' ? undefined : compileListFilter(request.filter, definition.filterMessage),
  };
  const nowMs = deps.clock.now().getTime();
  const expected = { resourceType: definition.type, grantsHash: await deps.authz.grantsHash(op), nowMs };
  const initial = request.list_token === '';
  const phase = phaseOf(initial ? undefined : deps.listTokens.decode(request.list_token, expected), nowMs);
  const max = deps.config.maxPageSize;
  const page = await fill(listing, phase, request.page_size > 0 ? Math.min(request.page_size, max) : max);
  const removed = await removedSince(deps, definition.type, phase.removedAfter);
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
  // Before everything that changed: only deleted ids are left to tell.
  const after = page.more ?? ([since, ''] as const);
  return { kind: 'refresh', began, since, after, removedAfter: removed.last! };
}

async function fill<R extends ListedRow, I extends object>(
  listing: Listing<R, I>,
  walk: Walk,
  size: number,
): Promise<Page<Partial<I>>> {
  const { deps, op, definition, extent, matches } = listing;
  const items: Partial<I>[] = [];
  if (extent.length === 0) return { items, more: undefined };
  let last: Position | undefined;
  // The extent holds hardly a row that is not shown, so that one statement makes a page unless there is a filter.
  let wanted = matches === undefined ? size + 1 : Math.max(size + 1, FILTERED_FETCH);
  for (let after = walk.after; ;) {
    op.signal.throwIfAborted();
    const batch = await fetchPage<R>(deps.db.executor, definition, extent, { ...walk, after }, wanted);
    for (const candidate of batch) {
      after = [candidate[walk.by].getTime(), candidate.id];
      const item = await show(listing, candidate);
      if (item === undefined) continue;
      if (items.length === size) return { items, more: last };
      items.push(item);
      last = after;
    }
    if (batch.length < wanted) return { items, more: undefined };
    wanted = Math.max(size + 1, FILTERED_FETCH);
  }
}

/** The item as the caller may see it; undefined when it has no action on it or the filter leaves it out. */
async function show<R extends ListedRow, I extends object>(
  { deps, op, definition, matches }: Listing<R, I>,
  candidate: R,
): Promise<Partial<I> | undefined> {
  const resource = definition.resource(candidate);
  const authorized_actions = await deps.authz.allowedActions(op, definition.actions(candidate), resource);
  const foreign = definition.owner !== undefined && definition.owner(candidate) !== (await deps.authz.actor(op)).userId;
  if (!authorized_actions.some((action) => !foreign || !action.endsWith(':self'))) return undefined;
  const decision = await deps.authz.decide(op, 'list', resource);
  const extra = await definition.extra?.(op, candidate);
  const item = cutFields({ ...definition.item(candidate), ...extra, authorized_actions }, decision);
  return matches === undefined || matches({ item: definition.toJSON(item) }) ? item : undefined;
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

/** Comes before the parser's reason; clients know the whole text. */
const FILTER_REFUSED = "handlers.NewFilter: couldn't build filter: parameter violation: error #100: ";

/** The filter of a list request as a predicate; 400 with `message` when it cannot be parsed. */
export function compileListFilter(filter: string, message: string = MESSAGE.identifier): (input: unknown) => boolean {
  if (filter === '') return () => true;
  try {
    return compileFilter(filter);
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    throw invalidArgument(message, [
      { name: 'filter', description: `This field could not be parsed. ${FILTER_REFUSED}${error.message}` },
    ]);
  }
}
