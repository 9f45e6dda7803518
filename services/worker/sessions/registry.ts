/**
 * The sessions this worker may serve, with their live connections. Fed by the control stream, read by the proxy.
 * A session is kept, ended or not, until a minute after its expiry, so that a late client learns the true cause.
 */
import type { Server } from 'node:tls';
import type { Clock } from '../../../lib/clock/clock';
import type { Cause, ConnectionEnd, EgressGrant, FoundSession, LiveConnection, SessionEnd } from './types';

/** How long an ended or expired session is still explained to clients. */
const KEEP_AFTER_EXPIRY_MS = 60_000;
/** How long an unknown id is answered without asking again. */
const NEGATIVE_CACHE_MS = 2_000;
/** Most unknown ids remembered; the oldest goes first. */
const MAX_NEGATIVE_ENTRIES = 10_000;

export class WorkerSession {
  readonly connections = new Map<string, LiveConnection>();
  ended: SessionEnd | undefined;
  /** It ended because the controllers denied this worker, not by its own: a new grant revives it. */
  isRevoked = false;
  /** By the injected clock; set anew with every grant. */
  expiresAt = 0;
  cancelTimer: () => void = () => {};
  /** Kept by the proxy while the session lives: some 20 KB of TLS context that an ended session must not hold. */
  tlsServer: Server | undefined;

  constructor(public grant: EgressGrant) {}

  get id(): string {
    return this.grant.sessionId;
  }

  /** Ends all connections now. */
  cut(end: ConnectionEnd): void {
    for (const connection of [...this.connections.values()]) connection.cut(end);
  }
}

/** Asks a controller for a session that was not announced. Rejects with ControllerUnreachable. */
export type FetchSession = (sessionId: string) => Promise<FoundSession | undefined>;

export class SessionRegistry {
  private readonly sessions = new Map<string, WorkerSession>();
  private readonly unknownUntil = new Map<string, number>();
  private readonly fetching = new Map<string, Promise<WorkerSession | undefined>>();
  private readonly graceTimers: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly fetch: FetchSession,
  ) {}

  get size(): number {
    return this.sessions.size;
  }

  all(): Iterable<WorkerSession> {
    return this.sessions.values();
  }

  /** Adds a session or renews its lifetime; live connections and a known end stay. */
  put(grant: EgressGrant, ended?: SessionEnd): WorkerSession {
    this.unknownUntil.delete(grant.sessionId);
    const session = this.sessions.get(grant.sessionId) ?? new WorkerSession(grant);
    session.grant = grant;
    if (session.isRevoked) session.ended = undefined;
    session.isRevoked = false;
    session.expiresAt = this.clock.now().getTime() + grant.expiresInMs;
    this.sessions.set(grant.sessionId, session);
    this.watch(session);
    if (ended) this.end(grant.sessionId, ended);
    return session;
  }

  /** Cuts all connections of a session and refuses new ones with the same cause. Unknown ids are fine. */
  end(sessionId: string, end: SessionEnd): void {
    const session = this.sessions.get(sessionId);
    if (!session) return;
    session.ended ??= end;
    session.isRevoked = false;
    session.tlsServer = undefined;
    session.cut(connectionEnd(session.ended));
  }

  /** Ends every session: the controllers deny this worker, so that it may serve nothing until one grants it again. */
  revokeAll(end: SessionEnd): void {
    for (const session of this.sessions.values()) {
      if (session.ended) continue;
      this.end(session.id, end);
      session.isRevoked = true;
    }
  }

  /**
   * The session, asking a controller once when it is not known. Undefined: no such session for this worker. Rejects
   * with ControllerUnreachable.
   */
  async get(sessionId: string): Promise<WorkerSession | undefined> {
    const known = this.sessions.get(sessionId);
    if (known) return known;
    const until = this.unknownUntil.get(sessionId);
    if (until !== undefined && until > this.clock.now().getTime()) return undefined;
    let pending = this.fetching.get(sessionId);
    if (!pending) {
      pending = this.ask(sessionId).finally(() => this.fetching.delete(sessionId));
      this.fetching.set(sessionId, pending);
    }
    return pending;
  }

  findConnection(connectionId: string): LiveConnection | undefined {
    for (const session of this.sessions.values()) {
      const connection = session.connections.get(connectionId);
      if (connection) return connection;
    }
    return undefined;
  }

  connectionCount(): number {
    let count = 0;
    for (const session of this.sessions.values()) count += session.connections.size;
    return count;
  }

  cutAll(end: ConnectionEnd): void {
    for (const session of this.sessions.values()) session.cut(end);
  }

  /** Starts the grace periods; connections whose session allows none are cut at once. */
  controllerLost(): void {
    this.controllerBack();
    for (const session of this.sessions.values()) {
      const grace = session.grant.offlineGraceMs;
      if (grace === undefined) continue;
      const cut = () => session.cut({ closedBy: 'policy', cause: 'controller unreachable' });
      if (grace === 0) cut();
      else this.graceTimers.push(this.clock.after(grace, cut));
    }
  }

  controllerBack(): void {
    for (const cancel of this.graceTimers.splice(0)) cancel();
  }

  /** Stops all timers. Connections are the caller's to cut first. */
  close(): void {
    this.controllerBack();
    for (const session of this.sessions.values()) session.cancelTimer();
    this.sessions.clear();
  }

  private async ask(sessionId: string): Promise<WorkerSession | undefined> {
    const found = await this.fetch(sessionId);
    if (found?.grant) return this.put(found.grant, found.ended);
    // A grant that was pushed in the meantime wins.
    const pushed = this.sessions.get(sessionId);
    if (!pushed) this.rememberUnknown(sessionId);
    return pushed;
  }

  private rememberUnknown(sessionId: string): void {
    if (this.unknownUntil.size >= MAX_NEGATIVE_ENTRIES) {
      for (const oldest of this.unknownUntil.keys()) {
        this.unknownUntil.delete(oldest);
        break;
      }
    }
    this.unknownUntil.set(sessionId, this.clock.now().getTime() + NEGATIVE_CACHE_MS);
  }

  /** Expires the session at its time, then forgets it. Timers are bounded, so each firing looks at the clock again. */
  private watch(session: WorkerSession): void {
    session.cancelTimer();
    const left = session.expiresAt - this.clock.now().getTime();
    const forgetIn = left + KEEP_AFTER_EXPIRY_MS;
    if (left <= 0) this.end(session.id, { closedBy: 'policy', cause: 'expired' });
    if (forgetIn <= 0) this.sessions.delete(session.id);
    else session.cancelTimer = this.clock.after(left > 0 ? left : forgetIn, () => this.watch(session));
  }
}

const KNOWN_SESSION_CAUSES: readonly string[] = ['expired', 'canceled'];

/** How the end of a session shows on its connections. A client that ends its session ends its connections regularly. */
export function connectionEnd(end: SessionEnd): ConnectionEnd {
  if (end.closedBy === 'client') return { closedBy: 'client', cause: 'fin' };
  const cause = KNOWN_SESSION_CAUSES.includes(end.cause) ? (end.cause as Cause) : 'canceled';
  return { closedBy: end.closedBy, cause };
}
