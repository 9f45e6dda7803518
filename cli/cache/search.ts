/**
 * Answers searches from the copies of a user. It is pure: whether a copy is fresh enough was
 * decided before.
 */
import { compileFilter, FilterSyntaxError } from '../../lib/filter/filter';
import { limit } from '../../lib/limits/limit';
import { sorted } from '../../lib/limits/sorted';
import { Work, WorkExceeded } from '../../lib/limits/work';
import { compileQuery, QuerySyntaxError } from '../../lib/query/query';
import { UsageError } from '../io/errors';
import type { Item } from '../output/table';
import { SEARCHABLE, type CachedKind, type Searchable } from './api';

export interface SearchRequest {
  resource: Searchable;
  query: string;
  filter: string;
  /** 0: {@link DEFAULT_RESULTS}; -1: all. */
  maxResults: number;
  sortBy: string;
  descending: boolean;
  forceRefresh: boolean;
}

export const DEFAULT_RESULTS = 250;

interface Kind {
  /** What the answer needs. */
  from: readonly CachedKind[];
  columns: readonly string[];
  /** Column that results may be sorted by. */
  sortBy?: string;
}

export const KINDS: Readonly<Record<Searchable, Kind>> = {
  targets: {
    from: ['targets'],
    columns: ['id', 'name', 'description', 'type', 'address', 'scope_id'],
    sortBy: 'name',
  },
  sessions: {
    from: ['sessions'],
    columns: ['id', 'endpoint', 'type', 'status', 'scope_id', 'target_id', 'user_id'],
    sortBy: 'created_time',
  },
  'resolvable-aliases': { from: ['resolvable-aliases'], columns: ['id', 'type', 'destination_id', 'value'] },
  'implicit-scopes': { from: ['targets', 'sessions'], columns: ['id'] },
};

const SEARCH_WORK = limit('work of a search in the cache', 1_000_000_000, {
  what: 'work of one search in the cache of the command line',
  unit: 'steps',
  reached: 'an error; the remedy is a simpler filter or query',
  test: 'cli/cache/search.test.ts: a search that needs too much work ends with an error',
});

/** The steps of a search after which others get their turn. */
const STRETCH = 1_000_000;
/** Steps of looking at an item. */
const ITEM_STEPS = 100;

/** Most numbers of results that can be asked for. */
const MAX_RESULTS = 1_000_000;

/** Reads the parameters of `/v1/search`; throws a UsageError that names the flag. */
export function parseSearch(parameters: URLSearchParams): SearchRequest {
  const resource = SEARCHABLE.find((kind) => kind === parameters.get('resource'));
  if (resource === undefined) throw new UsageError(`-resource is one of ${SEARCHABLE.join(', ')}`);
  const maxResults = Number(parameters.get('max_result_set_size') ?? 0);
  if (!Number.isInteger(maxResults) || maxResults < -1 || maxResults > MAX_RESULTS)
    throw new UsageError(`-max-result-set-size is from -1 (all) to ${MAX_RESULTS}`);
  const sortBy = parameters.get('sort_by') ?? '';
  const sortable = KINDS[resource].sortBy;
  if (sortBy !== '' && sortBy !== sortable)
    throw new UsageError(
      sortable === undefined ? `-sort-by has no meaning for ${resource}` : `-sort-by is "${sortable}" for ${resource}`,
    );
  const direction = (parameters.get('sort_direction') ?? '').toLowerCase();
  if (!['', 'asc', 'desc'].includes(direction)) throw new UsageError('-sort-direction is "asc" or "desc"');
  if (direction !== '' && sortBy === '') throw new UsageError('-sort-direction needs -sort-by');
  return {
    resource,
    query: parameters.get('query') ?? '',
    filter: parameters.get('filter') ?? '',
    maxResults: maxResults === 0 ? DEFAULT_RESULTS : maxResults,
    sortBy,
    descending: direction === 'desc',
    forceRefresh: parameters.get('force_refresh') === 'true',
  };
}

/**
 * Items that match, in order, and whether there were more than asked for. Throws a UsageError for
 * bad expressions.
 */
export async function searchItems(
  request: SearchRequest,
  itemsOf: (kind: CachedKind) => Item[],
  work = new Work(SEARCH_WORK, STRETCH),
): Promise<{ items: Item[]; incomplete: boolean }> {
  const matches = matcher(request, work);
  try {
    const found: Item[] = [];
    for (const item of await candidates(request.resource, itemsOf, work)) {
      work.charge(ITEM_STEPS);
      if (await matches(item)) found.push(item);
      if (work.isDue) await work.breathe();
    }
    const items = await sorted(found, orderOf(request), work);
    if (request.maxResults < 0 || items.length <= request.maxResults) return { items, incomplete: false };
    return { items: items.slice(0, request.maxResults), incomplete: true };
  } catch (error) {
    if (!(error instanceof WorkExceeded)) throw error;
    throw new UsageError(
      `The search needs more work than one may cost (${SEARCH_WORK} steps): use a simpler expression`,
    );
  }
}

function orderOf({ sortBy, descending }: SearchRequest): (a: Item, b: Item) => number {
  const column = sortBy || 'created_time';
  const direction = sortBy === '' || descending ? -1 : 1;
  const text = (item: Item): string => columnOf(item, column) ?? '';
  return (a, b) => direction * compare(text(a), text(b)) || compare(String(a.id), String(b.id));
}

/** Scopes are the scopes of the cached items, each once. */
async function candidates(resource: Searchable, itemsOf: (kind: CachedKind) => Item[], work: Work): Promise<Item[]> {
  const items = KINDS[resource].from.flatMap(itemsOf);
  if (resource !== 'implicit-scopes') return items;
  const ids = new Set<string>();
  for (const item of items) {
    work.charge(ITEM_STEPS);
    if (work.isDue) await work.breathe();
    const id = columnOf(item, 'scope_id');
    if (id !== undefined) ids.add(id);
  }
  return [...ids].map((id) => ({ id }));
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

function columnOf(item: Item, column: string): string | undefined {
  const value: unknown = column === 'scope_id' ? (item.scope_id ?? (item.scope as Item | undefined)?.id) : item[column];
  return typeof value === 'string' ? value : undefined;
}

function matcher({ resource, query, filter: text }: SearchRequest, work: Work): (item: Item) => Promise<boolean> {
  try {
    const filter = text === '' ? undefined : compileFilter(text);
    const byQuery = query === '' ? () => true : compileQuery(query, KINDS[resource].columns);
    return async (item) => {
      if (!byQuery((column) => columnOf(item, column), work)) return false;
      if (filter === undefined) return true;
      await filter.prepare(work);
      return filter.evaluate({ item }, work) === true;
    };
  } catch (error) {
    if (error instanceof QuerySyntaxError) throw new UsageError(`-query could not be parsed: ${error.message}`);
    if (error instanceof FilterSyntaxError) throw new UsageError(`-filter could not be parsed: ${error.message}`);
    throw error;
  }
}
