/**
 * The cache without its socket. It knows users by their tokens, keeps their copies fresh in the
 * background, and answers searches from the copies, after a refresh where a copy is too old.
 */
import { UsageError } from '../io/errors';
import { parseAddress } from '../core/address';
import { keyOf, type RefreshStatus, type SearchAnswer, type TokenRequest, type UserStatus } from './api';
import type { CacheLog } from './log';
import { KINDS, searchItems, type SearchRequest } from './search';
import { CachedUser, ownerOf } from './user';

/** Users of all controllers together. */
const MAX_USERS = 50;

/** Refreshes are spread by this part of their interval, so that many caches do not ask at once. */
const JITTER = 0.2;

/** Without a token that works and without a request, the cache ends after this long. */
const IDLE_END_MS = 60 * 60_000;

export interface CacheOptions {
  env: NodeJS.ProcessEnv;
  refreshIntervalMs: number;
  /** A search of copies that are older refreshes them first. */
  maxStalenessMs: number;
  /** How long a search waits for that. */
  maxRefreshWaitMs: number;
  log: CacheLog;
  /** There is nothing left to do. */
  onIdle(): void;
}

export class Cache {
  private readonly users = new Map<string, CachedUser>();
  private timer: NodeJS.Timeout | undefined;
  private usedAt = Date.now();
  private closed = false;

  constructor(private readonly options: CacheOptions) {}

  start(): void {
    const { refreshIntervalMs } = this.options;
    const wait = refreshIntervalMs * (1 - JITTER + 2 * JITTER * Math.random());
    this.timer = setTimeout(() => void this.refreshAll().finally(() => this.closed || this.start()), wait);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /**
   * Takes a token when the controller has told its user. The copies of the user are made in the
   * background.
   */
  async addToken(request: TokenRequest): Promise<void> {
    this.usedAt = Date.now();
    const known = this.userOf(request.auth_token_id);
    if (known !== undefined) return known.addToken(request);
    const address = parseAddress(request.boundary_addr).url;
    const user = this.user(address, await ownerOf(request, this.options.env));
    user.addToken(request);
    this.options.log.write('info', `token ${request.auth_token_id} of user ${user.id} at ${address} was added`);
    this.refreshInBackground(user);
  }

  private user(address: string, id: string): CachedUser {
    const key = `${address} ${id}`;
    const known = this.users.get(key);
    if (known !== undefined) return known;
    if (this.users.size >= MAX_USERS) throw new UsageError(`The cache holds ${MAX_USERS} users and takes no more`);
    const user = new CachedUser(address, id, this.options.env, Date.now);
    this.users.set(key, user);
    return user;
  }

  private userOf(tokenId: string): CachedUser | undefined {
    return [...this.users.values()].find((user) => user.hasToken(tokenId));
  }

  async search(tokenId: string, request: SearchRequest): Promise<SearchAnswer> {
    this.usedAt = Date.now();
    const user = this.userOf(tokenId);
    if (user === undefined) throw new UsageError('The cache does not know this token; add it with "cache add-token"');
    // Expressions are checked before anything is waited for.
    await searchItems(request, () => []);
    const outcome = await this.freshen(user, request);
    const { items, incomplete } = await searchItems(request, (kind) => user.copies[kind].all());
    return { [keyOf(request.resource)]: items, ...(incomplete ? { incomplete } : {}), ...outcome };
  }

  private async freshen(
    user: CachedUser,
    { resource, forceRefresh }: SearchRequest,
  ): Promise<{ refresh_status: RefreshStatus; refresh_error?: string }> {
    const copies = KINDS[resource].from.map((kind) => user.copies[kind]);
    const stale = copies.some((copy) => copy.age > this.options.maxStalenessMs);
    if (forceRefresh || stale) {
      const ended = await settlesWithin(user.refresh(), this.options.maxRefreshWaitMs);
      if (!ended) return { refresh_status: 'refreshing' };
    }
    const failed = copies.find((copy) => copy.lastError !== undefined);
    if (failed?.lastError !== undefined) return { refresh_status: 'refresh-error', refresh_error: failed.lastError };
    return { refresh_status: 'not-refreshing' };
  }

  private refreshInBackground(user: CachedUser): void {
    void user.refresh().catch((error: unknown) => {
      this.options.log.write('warn', `refresh for user ${user.id} at ${user.address}: ${(error as Error).message}`);
    });
  }

  private async refreshAll(): Promise<void> {
    for (const [key, user] of this.users) {
      if (this.closed) return;
      await user.refresh().catch((error: unknown) => {
        this.options.log.write('warn', `refresh for user ${user.id} at ${user.address}: ${(error as Error).message}`);
      });
      if (!user.isUsable) this.users.delete(key);
    }
    if (this.users.size === 0 && Date.now() - this.usedAt > IDLE_END_MS) this.options.onIdle();
  }

  status(): UserStatus[] {
    return [...this.users.values()].map((user) => user.status());
  }
}

/** Whether it settles in time, either way. */
async function settlesWithin(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const settled = work.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}
