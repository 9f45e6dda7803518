/** Calls of the cache, and its start in the background. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageFile } from '../../lib/config/package-root';
import { withoutSecrets } from '../../lib/config/variables';
import { boundedRequest } from '../../lib/http/bounded-request';
import { readErrorBody } from '../../lib/errors/error-body';
import { CacheError, LocalError } from '../io/errors';
import type { SearchAnswer, StatusAnswer, TokenRequest } from './api';
import type { CachePaths } from './paths';

/** A search may wait for a refresh; nothing of the cache takes longer than this. */
const TIMEOUT_MS = 120_000;
/** Largest answer, in bytes. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;
/** How long a cache may take to start, and the pause between two looks. */
const START_MS = 20_000;
const LOOK_MS = 50;

export const cacheStatus = async (paths: CachePaths): Promise<StatusAnswer> =>
  (await call(paths, 'GET', '/v1/status', 'status')) as StatusAnswer;

export const searchCache = async (paths: CachePaths, query: URLSearchParams): Promise<SearchAnswer> =>
  (await call(paths, 'GET', `/v1/search?${query.toString()}`, 'search')) as SearchAnswer;

export const addCacheToken = (paths: CachePaths, token: TokenRequest): Promise<unknown> =>
  call(paths, 'POST', '/v1/tokens', 'add-token', token);

export const stopCache = (paths: CachePaths): Promise<unknown> => call(paths, 'POST', '/v1/stop', 'stop');

/** Nobody listens at the socket. */
export class CacheNotRunning extends LocalError {}

/** Throws {@link CacheNotRunning}, or a CacheError with what the cache answered. */
async function call(paths: CachePaths, method: string, path: string, action: string, body?: unknown): Promise<unknown> {
  const options = { socketPath: paths.socket, method, path };
  const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES };
  const { status, text } = await boundedRequest({ options, body, ...limits }).catch((error: Error) => {
    throw unreachable(error.name === 'TimeoutError' ? new Error('no answer in time') : error);
  });
  const answer = parsed(text);
  if (status < 400) return answer;
  const refusal = readErrorBody(answer);
  throw refusal === undefined ? foreign() : new CacheError(action, status, refusal);
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw foreign();
  }
}

const foreign = (): Error =>
  new LocalError('The cache gave an answer that this program does not understand; is it one of another program?');

const unreachable = (error: NodeJS.ErrnoException): Error =>
  error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
    ? new CacheNotRunning('The cache is not running; start it with "cache start -background"')
    : new LocalError(`Error trying to talk to the cache: ${error.message}`);

/** Marks the process of the cache that was started in the background. */
export const BACKGROUND_MARK = '_SALLYPORT_CACHE_BACKGROUND';

/** Starts this program as a cache that outlives this command, and waits until it answers. */
export async function startInBackground(
  paths: CachePaths,
  flags: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const program = packageFile('bin', 'sallyport');
  const child = spawn(process.execPath, [program, 'cache', 'start', ...flags], {
    stdio: 'ignore',
    detached: true,
    env: { ...withoutSecrets(env), [BACKGROUND_MARK]: '1' },
  });
  let failure: string | undefined;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (code) => (failure ??= `it ended with status ${code}`));
  child.unref();
  const end = Date.now() + START_MS;
  while (Date.now() < end) {
    if (await isRunning(paths)) return;
    if (failure !== undefined) break;
    await sleep(LOOK_MS);
  }
  throw new LocalError(`The cache could not be started: ${failure ?? 'it does not answer'}; see ${paths.log}`);
}

const isRunning = (paths: CachePaths): Promise<boolean> =>
  cacheStatus(paths).then(
    () => true,
    () => false,
  );
