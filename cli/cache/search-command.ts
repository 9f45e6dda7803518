/** `search`. */
import type { Args, Context, FlagsIn } from '../core/command';
import { environment } from '../io/environment';
import { EXIT, UsageError } from '../io/errors';
import { parseBoolean } from '../core/numbers';
import { searchTable } from './search-table';
import { versionInfo } from '../output/version';
import type { Item } from '../output/table';
import { keyOf, type TokenRequest } from './api';
import { addCacheToken, cacheStatus, searchCache, startInBackground, stopCache, CacheNotRunning } from './client';
import type { SEARCH_FLAGS } from './flags';
import { cacheCurl, ended, tokenForCache } from './commands';
import { cachePaths, type CachePaths } from './paths';
import { parseSearch } from './search';

/** Names of flags whose value is a parameter. */
const TEXTS = ['resource', 'query', 'filter', 'sort-by', 'sort-direction'] as const;

export async function runSearch(context: Context<Args<FlagsIn<typeof SEARCH_FLAGS>>>): Promise<number> {
  const { io, args, printer } = context;
  const parameters = new URLSearchParams();
  for (const name of TEXTS) if (args[name] !== '') parameters.set(name.replaceAll('-', '_'), args[name]);
  const size = args['max-result-set-size'] ?? 0;
  if (size !== 0) parameters.set('max_result_set_size', String(size));
  if (args['force-refresh']) parameters.set('force_refresh', 'true');
  if (args.resource === '') throw new UsageError('Resource is required but not passed in; use -resource');
  const { resource } = parseSearch(parameters);
  const paths = cachePaths(io.env);
  const token = await tokenForCache(context);
  parameters.set('auth_token_id', token.auth_token_id);
  if (args['output-curl-string']) throw cacheCurl(paths, 'GET', `/v1/search?${parameters.toString()}`);
  await withCache(context, paths, token);
  const answer = await searchCache(paths, parameters);
  if (printer.format === 'json') printer.json({ status_code: 200, item: answer });
  else printer.table(searchTable(resource, (answer[keyOf(resource)] ?? []) as Item[]));
  tellDoubts(context, answer);
  return EXIT.ok;
}

/** Why the answer may not be all there is. */
function tellDoubts({ printer }: Context, answer: Awaited<ReturnType<typeof searchCache>>): void {
  if (printer.format === 'json') return;
  if (answer.incomplete === true)
    printer.warn('There are more items than are shown; narrow the search, or see -max-result-set-size.');
  if (answer.refresh_status === 'refreshing')
    printer.warn('The cache is still asking the controller; what is shown may be old or not all.');
  if (answer.refresh_status === 'refresh-error')
    printer.warn(`The cache could not ask the controller, what is shown may be old: ${answer.refresh_error}`);
}

/** Starts a cache of this version unless one runs, and gives it the token. */
async function withCache({ io }: Context, paths: CachePaths, token: TokenRequest): Promise<void> {
  const mayStart = parseBoolean(environment(io.env, 'SKIP_CACHE_DAEMON') ?? '') !== true;
  const running = await cacheStatus(paths).catch((error: unknown) => {
    if (error instanceof CacheNotRunning && mayStart) return undefined;
    throw error;
  });
  if (mayStart && running !== undefined && running.version !== versionInfo().version) {
    await stopCache(paths);
    await ended(paths);
    await startInBackground(paths, [], io.env);
  }
  if (running === undefined) await startInBackground(paths, [], io.env);
  await addCacheToken(paths, token);
}
