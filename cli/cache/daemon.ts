/** The process of the cache: a Unix socket that only its owner can use, and the cache behind it. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { onWindows } from '../../lib/platform/system';
import { makeDirectory } from '../../lib/config/directory';
import { ControllerError, LocalError, UsageError } from '../io/errors';
import { versionInfo } from '../output/version';
import type { StatusAnswer, TokenRequest } from './api';
import { Cache, type CacheOptions } from './cache';
import { cacheStatus } from './client';
import type { CachePaths } from './paths';
import { parseSearch } from './search';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
/** A token and an address fit in many times over. */
const MAX_BODY_BYTES = 64 * 1024;
/** Longest name of a socket that every system takes, in bytes. */
const MAX_SOCKET_PATH = 103;

export interface RunningCache {
  /** Resolves when the cache was told to stop, or has nothing left to do. */
  stopped: Promise<void>;
  close(): Promise<void>;
}

/** Starts to serve; throws a LocalError when another cache does. */
export async function startCache(
  paths: CachePaths,
  options: Omit<CacheOptions, 'onIdle'>,
  startedAt = Date.now(),
): Promise<RunningCache> {
  makeDirectory(paths.directory, DIRECTORY_MODE);
  makeDirectory(paths.socketDirectory, DIRECTORY_MODE);
  chmodSync(paths.socketDirectory, DIRECTORY_MODE);
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const cache = new Cache({ ...options, onIdle: stop });
  const status = (): StatusAnswer => ({
    domain_socket: paths.socket,
    log_location: paths.log,
    uptime_ms: Date.now() - startedAt,
    version: versionInfo().version,
    users: cache.status(),
  });
  const routes = routesOf(cache, status, stop);
  const server = createServer((request, response) => void serve(routes, request, response));
  await listen(server, paths);
  cache.start();
  writeFileSync(paths.pid, `${process.pid}\n`, { mode: FILE_MODE });
  return { stopped, close: () => close(server, cache, paths) };
}

async function listen(server: Server, paths: CachePaths): Promise<void> {
  if (Buffer.byteLength(paths.socket) > MAX_SOCKET_PATH)
    throw new LocalError(`${paths.socket} is too long for the name of a socket; set HOME to a shorter path`);
  if (await cacheStatus(paths).catch(() => undefined)) throw new LocalError('The cache is running already.');
  // Left over by a process that was killed.
  if (!onWindows) rmSync(paths.socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new LocalError(`The cache could not start: ${error.message}`)));
    server.listen(paths.socket, resolve);
  });
  // A pipe of Windows is no file.
  if (!onWindows) chmodSync(paths.socket, FILE_MODE);
}

async function close(server: Server, cache: Cache, paths: CachePaths): Promise<void> {
  cache.close();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
  if (readIfThere(paths.pid).trim() === String(process.pid)) rmSync(paths.pid, { force: true });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

type Handler = (parameters: URLSearchParams, body: string) => Promise<unknown>;

const routesOf = (cache: Cache, status: () => StatusAnswer, stop: () => void): Readonly<Record<string, Handler>> => ({
  'GET /v1/status': () => Promise.resolve(status()),
  'GET /v1/search': async (parameters) => cache.search(parameters.get('auth_token_id') ?? '', parseSearch(parameters)),
  'POST /v1/tokens': async (_, body) => {
    await cache.addToken(parseToken(body));
    return undefined;
  },
  'POST /v1/stop': () => {
    setImmediate(stop);
    return Promise.resolve(undefined);
  },
});

function parseToken(body: string): TokenRequest {
  let request: Partial<TokenRequest> | null;
  try {
    request = JSON.parse(body) as typeof request;
  } catch {
    request = null;
  }
  const { boundary_addr: address, auth_token_id: id, auth_token: token, keyring } = request ?? {};
  const texts = [address, id, token ?? '', keyring?.keyring_type ?? '', keyring?.token_name ?? ''];
  if (
    texts.some((text) => typeof text !== 'string') ||
    !address ||
    !id ||
    (token === undefined) === (keyring === undefined)
  )
    throw new UsageError('A token needs boundary_addr, auth_token_id and either auth_token or keyring');
  return {
    boundary_addr: address,
    auth_token_id: id,
    auth_token: token,
    keyring,
    allow_other_address: request?.allow_other_address === true,
    allow_clear_text: request?.allow_clear_text === true,
  };
}

async function serve(
  routes: Readonly<Record<string, Handler>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    // Not read as a URL: a path that begins with "//" would name a host.
    const [path = '/', ...search] = (request.url ?? '/').split('?');
    const route = `${request.method} ${path}`;
    const handler = Object.hasOwn(routes, route) ? routes[route] : undefined;
    if (handler === undefined) return answer(response, 404, { kind: 'NotFound', message: `no such route: ${route}` });
    const result = await handler(new URLSearchParams(search.join('?')), await readBody(request));
    answer(response, result === undefined ? 204 : 200, result);
  } catch (error) {
    answer(response, ...refusal(error));
  }
}

function refusal(error: unknown): [number, unknown] {
  if (error instanceof ControllerError) return [error.status, error.body];
  if (error instanceof UsageError || error instanceof LocalError)
    return [400, { kind: 'InvalidArgument', message: error.message }];
  return [500, { kind: 'Internal', message: (error as Error).message }];
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new UsageError(`the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
