/** `cache start`, `stop`, `status` and `add-token`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Args, Context, FlagsIn } from '../core/command';
import { CurlCommand, EXIT, LocalError, UsageError } from '../io/errors';
import { onInterruption } from '../io/interruptions';
import { curlCommand } from '../core/http-form';
import { parseAddress } from '../core/address';
import { chooseToken, tokenId } from '../core/token';
import { checkPlace, freedomOf } from '../core/token-place';
import { statusTable } from './status-table';
import { showLine } from '../io/terminal';
import type { TokenRequest } from './api';
import { addCacheToken, BACKGROUND_MARK, CacheNotRunning, cacheStatus, startInBackground, stopCache } from './client';
import { startCache } from './daemon';
import { START_FLAGS, type STATUS_FLAGS, type TOKEN_FLAGS } from './flags';
import { CACHE_LOG_LEVELS, CacheLog, type CacheLogLevel } from './log';
import { cachePaths, type CachePaths } from './paths';

/** Shortest time between two refreshes in the background, ms. */
const MIN_REFRESH_MS = 1_000;

type StartContext = Context<Args<FlagsIn<typeof START_FLAGS>>>;
type TokenContext = Context<Args<FlagsIn<typeof TOKEN_FLAGS>>>;
type DurationFlag = 'refresh-interval' | 'max-search-staleness' | 'max-search-refresh-timeout';

export async function runStart(context: StartContext): Promise<number> {
  const { io, args, line, printer } = context;
  for (const { name, noEffect } of line.withoutEffect) printer.warn(`-${name} has no effect here: ${noEffect}`);
  const paths = cachePaths(io.env);
  const settings = {
    refreshIntervalMs: positive(context, 'refresh-interval', MIN_REFRESH_MS),
    maxStalenessMs: positive(context, 'max-search-staleness', 0),
    maxRefreshWaitMs: positive(context, 'max-search-refresh-timeout', 0),
  };
  const format = logFormat(context);
  const level = logLevel(context);
  if (args.background) return background(context, paths);
  // In the background nobody reads standard error.
  const also = io.env[BACKGROUND_MARK] === undefined ? (line: string) => showLine(io.stderr, line) : undefined;
  const log = new CacheLog(paths.log, level, format === 'json', also);
  const running = await startCache(paths, { env: io.env, log, ...settings });
  log.write('info', `the cache serves ${paths.socket}`);
  let signal: () => void = () => undefined;
  const signaled = new Promise<void>((resolve) => (signal = resolve));
  const restore = onInterruption(io.stdout, () => {
    signal();
    return 'handled';
  });
  try {
    await Promise.race([signaled, running.stopped]);
  } finally {
    await running.close();
    restore();
    log.write('info', 'the cache has ended');
  }
  return EXIT.ok;
}

async function background({ io, line }: StartContext, paths: CachePaths): Promise<number> {
  const running = await cacheStatus(paths).catch(() => undefined);
  if (running !== undefined) throw new LocalError('The cache is running already.');
  const flags = line.inOrder(...START_FLAGS[0].flags).filter(({ name }) => name !== 'background');
  await startInBackground(
    paths,
    flags.map(({ name, text }) => `-${name}=${text}`),
    io.env,
  );
  return EXIT.ok;
}

function positive({ args }: StartContext, flag: DurationFlag, min: number): number {
  const ms = args[flag] ?? 0;
  if (ms < min) throw new UsageError(`-${flag} must be ${min / 1000}s or longer`);
  return ms;
}

function logFormat({ args }: StartContext): string {
  const format = args['log-format'].toLowerCase() || 'standard';
  if (!['standard', 'json'].includes(format)) throw new UsageError('-log-format is "standard" or "json"');
  return format;
}

/** The level names of servers are accepted as well, because both read the same variable. */
function logLevel({ args }: StartContext): CacheLogLevel {
  const level = args['log-level'].toLowerCase() || 'info';
  const known = { trace: 'debug', err: 'error', fatal: 'error' }[level] ?? level;
  const found = CACHE_LOG_LEVELS.find((one) => one === known);
  if (found === undefined) throw new UsageError(`-log-level is one of ${CACHE_LOG_LEVELS.join(', ')}`);
  return found;
}

/** How long a cache may take to end, and the pause between two looks, ms. */
const STOP_MS = 10_000;
const LOOK_MS = 25;

export async function runStop({ io }: Context): Promise<number> {
  const paths = cachePaths(io.env);
  try {
    await stopCache(paths);
  } catch (error) {
    if (error instanceof CacheNotRunning) throw new UsageError('The cache is not running.');
    throw error;
  }
  await ended(paths);
  return EXIT.ok;
}

/** Waits until nobody listens any more. */
export async function ended(paths: CachePaths): Promise<void> {
  for (let waited = 0; waited < STOP_MS; waited += LOOK_MS) {
    const status = await cacheStatus(paths).catch((error: unknown) => error);
    if (status instanceof CacheNotRunning) return;
    await sleep(LOOK_MS);
  }
  throw new LocalError('The cache was told to stop, but still runs');
}

export async function runStatus({ io, args, printer }: Context<Args<FlagsIn<typeof STATUS_FLAGS>>>): Promise<number> {
  const paths = cachePaths(io.env);
  if (args['output-curl-string']) throw cacheCurl(paths, 'GET', '/v1/status');
  const status = await cacheStatus(paths);
  if (printer.format === 'json') printer.json({ status_code: 200, item: status });
  else printer.table(statusTable(status));
  return EXIT.ok;
}

export async function runAddToken(context: TokenContext): Promise<number> {
  const { io, args, printer } = context;
  const paths = cachePaths(io.env);
  const token = await tokenForCache(context);
  if (args['output-curl-string'])
    throw cacheCurl(paths, 'POST', '/v1/tokens', token.keyring ? token : { ...token, auth_token: '<token>' });
  await addCacheToken(paths, token);
  if (printer.format === 'json') printer.json({ status_code: 204 });
  else printer.line('The cache knows the token now.');
  return EXIT.ok;
}

/**
 * The token that the flags choose, in the form for the cache: a reference where it is in the
 * keyring.
 */
export async function tokenForCache(context: TokenContext): Promise<TokenRequest> {
  const { text, keyring, boundTo } = await chooseToken(context);
  const id = tokenId(text);
  if (id === undefined)
    throw new LocalError('There is no token; log in with "authenticate", or name one with -token or -token-name');
  const addr = context.args.addr;
  const freedom = freedomOf(context.args);
  checkPlace(boundTo, parseAddress(addr), freedom);
  const request: TokenRequest = { boundary_addr: addr, auth_token_id: id };
  if (freedom.otherAddress) request.allow_other_address = true;
  if (freedom.clearText) request.allow_clear_text = true;
  return keyring === undefined ? { ...request, auth_token: text } : { ...request, keyring };
}

/** The output of -output-curl-string. The socket is the protection: no token is sent. */
export function cacheCurl(paths: CachePaths, method: string, path: string, body?: unknown): CurlCommand {
  const text = curlCommand({ method, path, body }, `unix://${paths.socket}`, '');
  return new CurlCommand(text.replace('-H "Authorization: Bearer " ', ''));
}
