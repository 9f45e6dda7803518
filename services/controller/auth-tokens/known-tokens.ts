/**
 * Tokens that this controller has lately verified, with their users. Requests are counted before
 * their token is verified, and anybody can invent tokens. A request therefore counts as one of a
 * user only when its token is known here.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../../lib/clock/clock';
import { limit } from '../../../lib/limits/limit';

const MAX_KNOWN = limit('known tokens', 50_000, {
  what: 'auth tokens that a controller remembers as good, for the shares of request rates',
  unit: 'tokens',
  reached: 'the one that was verified longest ago is forgotten; its next request counts as anonymous',
  test: 'services/controller/auth-tokens/known-tokens.test.ts: memory is bounded',
});
const MAX_OF_USER = limit('known tokens of a user', 20, {
  what: 'auth tokens of one user that a controller remembers as good',
  unit: 'tokens',
  reached: 'the one that was verified longest ago is forgotten; its next request counts as anonymous',
  test: 'services/controller/auth-tokens/known-tokens.test.ts: one user does not push out the tokens of others',
});
const KNOWN_MS = limit('time that a token is known', 10 * 60_000, {
  what: 'time after its verification in which an auth token counts as good for the shares of request rates',
  unit: 'ms',
  reached: 'the next request with the token counts as anonymous until it is verified',
  test: 'services/controller/auth-tokens/known-tokens.test.ts: a token is known for a while after its last',
});

/** Names a token in memory. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('base64');

interface Known {
  userId: string;
  /** ms since the epoch. */
  until: number;
}

export class KnownTokens {
  /** Tokens by hash. The token that was verified longest ago comes first. */
  private readonly known = new Map<string, Known>();
  private readonly ofUser = new Map<string, Set<string>>();
  private listener: (hash: string, userId: string) => void = () => undefined;

  constructor(private readonly clock: Clock) {}

  /** Is told of every token that becomes known. */
  onKnown(listener: (hash: string, userId: string) => void): void {
    this.listener = listener;
  }

  /** Notes the result of a verification; `userId` is undefined for a bad token. */
  note(token: string | undefined, userId: string | undefined): void {
    if (token === undefined) return;
    const hash = tokenHash(token);
    const before = this.known.get(hash);
    this.forget(hash);
    if (userId === undefined) return;
    this.remember(hash, userId);
    if (before?.userId !== userId) this.listener(hash, userId);
  }

  /** The user of a token that is known to be good. */
  userOf(hash: string): string | undefined {
    const known = this.known.get(hash);
    return known !== undefined && known.until > this.clock.now().getTime() ? known.userId : undefined;
  }

  private remember(hash: string, userId: string): void {
    let hashes = this.ofUser.get(userId);
    if (hashes !== undefined && hashes.size >= MAX_OF_USER) this.forget(firstOf(hashes)!);
    if (this.known.size >= MAX_KNOWN) this.forget(firstOf(this.known.keys())!);
    hashes = this.ofUser.get(userId);
    if (hashes === undefined) this.ofUser.set(userId, (hashes = new Set<string>()));
    hashes.add(hash);
    this.known.set(hash, { userId, until: this.clock.now().getTime() + KNOWN_MS });
  }

  private forget(hash: string): void {
    const known = this.known.get(hash);
    if (known === undefined) return;
    this.known.delete(hash);
    const hashes = this.ofUser.get(known.userId)!;
    hashes.delete(hash);
    if (hashes.size === 0) this.ofUser.delete(known.userId);
  }
}

function firstOf<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}
