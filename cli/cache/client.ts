/** Calls of the cache, and its start in the background. */
import { spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageFile } from '../../lib/config/package-root';
import { withoutSecrets } from '../../lib/config/variables';
import { CacheError, LocalError, type ErrorBody } from '../core/errors';
import type { SearchAnswer, StatusAnswer, TokenRequest } from './api';
import type { CachePaths } from './paths';

/** A search may wait for a refresh; nothing of the cache takes longer than this. */
const TIMEOUT_MS = 120_000;
/** Largest answer, in bytes. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;
/** How long a cache may take to start, and how often that is looked at. */
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
function call(paths: CachePaths, method: string, path: string, action: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath: paths.socket, method, path, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too large'));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const status = response.statusCode ?? 0;
        try {
          const answer: unknown = text === '' ? undefined : JSON.parse(text);
          if (status < 400) resolve(answer);
          else reject(new CacheError(action, status, answer as ErrorBody));
        } catch {
          reject(new LocalError('The cache gave an answer that is no JSON; is it one of another program?'));
        }
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(error)));
    request.setHeader('content-type', 'application/json');
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

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
