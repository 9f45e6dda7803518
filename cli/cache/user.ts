/**
 * One user of one controller in the cache: the tokens to ask with, and copies of what the user may
 * see.
 */
import { authTokens } from '../resources/auth-tokens';
import { ApiClient } from '../core/client';
import { ControllerError, UsageError } from '../io/errors';
import { openKeyring } from '../core/keyring/keyring';
import { tokenId, type ChosenToken } from '../core/token';
import { CACHED, type CachedKind, type TokenRequest, type UserStatus } from './api';
import { Copy } from './copy';

/** Tokens of one user; the oldest is forgotten beyond that. */
const MAX_TOKENS = 20;

const UNAUTHENTICATED = 401;

type Token = Pick<ChosenToken, 'text' | 'boundTo'>;

/** Makes a client and sends nothing. Its first call checks where the token may go. */
const clientFor = (env: NodeJS.ProcessEnv, request: TokenRequest, token: Token): ApiClient =>
  ApiClient.connect(env, request.boundary_addr, token, {
    otherAddress: request.allow_other_address === true,
    clearText: request.allow_clear_text === true,
  });

/**
 * Looks a token up where it is: in memory, or in the keyring at each use. Undefined when it is
 * gone.
 */
async function tokenOf(request: TokenRequest, env: NodeJS.ProcessEnv): Promise<Token | undefined> {
  if (request.keyring === undefined) return request.auth_token === undefined ? undefined : { text: request.auth_token };
  const keyring = await openKeyring(request.keyring.keyring_type, env);
  const stored = await keyring.read(request.keyring.token_name);
  if (stored === undefined || tokenId(stored.token) !== request.auth_token_id) return undefined;
  return { text: stored.token, boundTo: stored.bound_address };
}

/** The user of the token, as the controller says. Throws the errors of calls. */
export async function ownerOf(request: TokenRequest, env: NodeJS.ProcessEnv): Promise<string> {
  const token = await tokenOf(request, env);
  if (token === undefined || tokenId(token.text) !== request.auth_token_id)
    throw new UsageError('The token is not in the keyring, or has another id');
  const client = clientFor(env, request, token);
  try {
    const answer = await client.call({
      service: await authTokens.service(),
      method: 'getAuthToken',
      request: { id: request.auth_token_id },
      action: 'read on auth token',
      attempt: 'read the auth token',
    });
    return String((answer.item as { user_id?: string } | undefined)?.user_id ?? '');
  } finally {
    client.close();
  }
}

export class CachedUser {
  readonly copies: Readonly<Record<CachedKind, Copy>>;
  private readonly tokens = new Map<string, TokenRequest>();
  private refreshing: Promise<void> | undefined;
  private support: UserStatus['search_support'] = 'unknown';
  private checkedAt: number | undefined;

  constructor(
    readonly address: string,
    readonly id: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly now: () => number,
  ) {
    const copy = (kind: CachedKind): Copy => new Copy(kind, id, now);
    this.copies = {
      'resolvable-aliases': copy('resolvable-aliases'),
      sessions: copy('sessions'),
      targets: copy('targets'),
    };
  }

  hasToken(id: string): boolean {
    return this.tokens.has(id);
  }

  get isUsable(): boolean {
    return this.tokens.size > 0;
  }

  addToken(request: TokenRequest): void {
    this.tokens.delete(request.auth_token_id);
    this.tokens.set(request.auth_token_id, request);
    const [oldest] = this.tokens.keys();
    if (this.tokens.size > MAX_TOKENS && oldest !== undefined) this.tokens.delete(oldest);
  }

  /**
   * Brings all copies up to date; a refresh that is under way is joined. Rejects when a copy could
   * not be.
   */
  refresh(): Promise<void> {
    this.refreshing ??= this.refreshAll().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async refreshAll(): Promise<void> {
    const failures: unknown[] = [];
    // The newest token first; one that the controller refuses is forgotten and the next one tried.
    for (const [id, request] of [...this.tokens].reverse()) {
      const token = await tokenOf(request, this.env).catch(() => undefined);
      if (token !== undefined && (await this.refreshWith(request, token, failures))) return this.finish(failures);
      this.tokens.delete(id);
    }
    throw new Error('no token of this user works any more; log in again');
  }

  /** False when the token does not work. */
  private async refreshWith(request: TokenRequest, token: Token, failures: unknown[]): Promise<boolean> {
    const client = clientFor(this.env, request, token);
    try {
      for (const kind of CACHED) {
        try {
          await this.copies[kind].refresh(client);
        } catch (error) {
          if (error instanceof ControllerError && error.status === UNAUTHENTICATED) return false;
          failures.push(error);
        }
      }
      return true;
    } finally {
      client.close();
    }
  }

  private finish(failures: unknown[]): void {
    this.checkedAt = this.now();
    this.support = failures.some(isUnsupported) ? 'unsupported' : 'supported';
    if (failures[0] !== undefined) throw failures[0] as Error;
  }

  status(): UserStatus {
    return {
      id: this.id,
      address: this.address,
      auth_tokens: [...this.tokens.values()].map((token) => ({
        id: token.auth_token_id,
        in_keyring: token.keyring !== undefined,
      })),
      search_support: this.support,
      ...(this.checkedAt === undefined ? {} : { since_search_support_check_ms: this.now() - this.checkedAt }),
      resources: CACHED.map((kind) => this.copies[kind].status()),
    };
  }
}

/** A controller that does not know a list, or not what has changed in it. */
const isUnsupported = (error: unknown): boolean =>
  error instanceof ControllerError && (error.status === 404 || error.status === 405);
