/**
 * The sessions this worker may serve, with their live connections. Fed by the control stream, read
 * by the proxy. Of ended sessions the latest are kept until a minute after their expiry, so that a
 * late client learns the true cause. Whoever comes with one that is forgotten is told by a
 * controller that there is no such session for this worker.
 */
import type { Cause } from '../../../lib/contract/endings';
import type { Server } from 'node:tls';
import type { Clock } from '../../../lib/clock/clock';
import { limit } from '../../../lib/limits/limit';
import type { ConnectionEnd, EgressGrant, FoundSession, LiveConnection, SessionEnd } from './types';

const TEST = 'services/worker/sessions/registry.test.ts';
/** How long an ended or expired session is still explained to clients. */
const KEEP_AFTER_EXPIRY_MS = 60_000;
/** How long an unknown id is answered without asking again. */
const NEGATIVE_CACHE_MS = 2_000;
const MAX_NEGATIVE_ENTRIES = limit('unknown sessions', 10_000, {
  what: 'session ids that a worker has asked for in vain and does not ask for again for 2 s',
  unit: 'ids',
  reached: 'the oldest is forgotten',
  test: `${TEST}: unknown ids are remembered in bounded number`,
});
const MAX_ENDED = limit('ended sessions of a worker', 1_000, {
  what: 'ended sessions that a worker keeps with their certificate, to tell late clients why they ended',
  unit: 'sessions',
  reached: 'the one that ended first is forgotten; its late clients are told that there is no such session',
  test: `${TEST}: of fifty thousand sessions that ended, the latest thousand are kept`,
});

export class WorkerSession {
  readonly connections = new Map<string, LiveConnection>();
  ended: SessionEnd | undefined;
  /**
   * It ended because the controllers denied this worker, not by its own: a new grant revives it.
   */
  isRevoked = false;
  /** By the injected clock; set anew with every grant. */
  expiresAt = 0;
  cancelTimer: () => void = () => {};
  /**
   * Kept by the proxy while the session lives: some 20 KB of TLS context that an ended session must
   * not hold.
   */
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

/** Told of what changes of the sessions, for those who have copies of them. */
export interface SessionObserver {
  granted(session: WorkerSession): void;
  ended(session: WorkerSession): void;
  forgotten(session: WorkerSession): void;
}

/**
 * Asks a controller for a session that was not announced, for a client. Rejects with
 * ControllerUnreachable.
 */
export type FetchSession = (sessionId: string, clientAddress: string) => Promise<FoundSession | undefined>;

export class SessionRegistry {
  private readonly sessions = new Map<string, WorkerSession>();
  /** Those of them that have ended, in the order of their ends. */
  private readonly endedSessions = new Set<WorkerSession>();
  private readonly unknownUntil = new Map<string, number>();
  private readonly fetching = new Map<string, Promise<WorkerSession | undefined>>();
  private readonly graceTimers: (() => void)[] = [];
  /** What the stream still brings sets no timer any more. */
  private isClosed = false;

  constructor(
    private readonly clock: Clock,
    private readonly fetch: FetchSession,
    private readonly observer?: SessionObserver,
  ) {}

  get size(): number {
    return this.sessions.size;
  }

  all(): Iterable<WorkerSession> {
    return this.sessions.values();
  }

  /** The session if it is known here. */
  find(sessionId: string): WorkerSession | undefined {
    return this.sessions.get(sessionId);
  }

  /** Adds a session or renews its lifetime; live connections and a known end stay. */
  put(grant: EgressGrant, ended?: SessionEnd): WorkerSession {
    this.unknownUntil.delete(grant.sessionId);
    const session = this.sessions.get(grant.sessionId) ?? new WorkerSession(grant);
    session.grant = grant;
    if (session.isRevoked) {
      session.ended = undefined;
      this.endedSessions.delete(session);
    }
    session.isRevoked = false;
    session.expiresAt = this.clock.now().getTime() + grant.expiresInMs;
    this.sessions.set(grant.sessionId, session);
    this.observer?.granted(session);
    this.watch(session);
    if (ended) this.end(grant.sessionId, ended);
    return session;
  }

  /**
   * Cuts all connections of a session and refuses new ones with the same cause. Unknown ids are
   * fine. `isRevoked`: a new grant revives it.
   */
  end(sessionId: string, end: SessionEnd, isRevoked = false): void {
    const session = this.sessions.get(sessionId);
    if (!session) return;
    session.ended ??= end;
    session.isRevoked = isRevoked;
    session.tlsServer = undefined;
    this.observer?.ended(session);
    session.cut(connectionEnd(session.ended));
    this.endedSessions.add(session);
    if (this.endedSessions.size > MAX_ENDED) this.forgetOldestEnd();
  }

  /** One that still has connections stays until these are through. */
  private forgetOldestEnd(): void {
    for (const session of this.endedSessions) {
      if (session.connections.size === 0) return this.forget(session);
    }
  }

  private forget(session: WorkerSession): void {
    session.cancelTimer();
    this.sessions.delete(session.id);
    this.endedSessions.delete(session);
    this.observer?.forgotten(session);
  }

  /** Forgets a session of which there is nothing more to explain, unless it has connections. */
  drop(sessionId: string): void {
    const session = this.sessions.get(sessionId);
    if (session?.connections.size === 0) this.forget(session);
  }

  /**
   * Ends every session: the controllers deny this worker, so that it may serve nothing until one
   * grants it again.
   */
  revokeAll(end: SessionEnd): void {
    for (const session of [...this.sessions.values()]) {
      if (!session.ended) this.end(session.id, end, true);
    }
  }

  /**
   * The session, asking a controller once when it is not known. Undefined: no such session for this
   * worker. Rejects with ControllerUnreachable.
   */
  async get(sessionId: string, clientAddress = ''): Promise<WorkerSession | undefined> {
    const known = this.sessions.get(sessionId);
    if (known) return known;
    const until = this.unknownUntil.get(sessionId);
    if (until !== undefined && until > this.clock.now().getTime()) return undefined;
    let pending = this.fetching.get(sessionId);
    if (!pending) {
      pending = this.ask(sessionId, clientAddress).finally(() => this.fetching.delete(sessionId));
      this.fetching.set(sessionId, pending);
    }
    return pending;
  }

  /** Live connections of these ids. */
  findConnections(connectionIds: readonly string[]): LiveConnection[] {
    const found: LiveConnection[] = [];
    const wanted = new Set(connectionIds);
    if (connectionIds.length === 0) return found;
    for (const { connections } of this.sessions.values()) {
      if (connections.size === 0) continue;
      for (const id of connectionIds.length < connections.size ? connectionIds : connections.keys()) {
        const connection = connections.get(id);
        if (connection && wanted.has(id)) found.push(connection);
      }
    }
    return found;
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
    this.isClosed = true;
    this.controllerBack();
    for (const session of this.sessions.values()) session.cancelTimer();
    this.sessions.clear();
    this.endedSessions.clear();
  }

  private async ask(sessionId: string, clientAddress: string): Promise<WorkerSession | undefined> {
    const found = await this.fetch(sessionId, clientAddress);
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

  /**
   * Expires the session at its time, then forgets it. Timers are bounded, so each firing looks at
   * the clock again.
   */
  private watch(session: WorkerSession): void {
    session.cancelTimer();
    if (this.isClosed) return;
    const left = session.expiresAt - this.clock.now().getTime();
    const forgetIn = left + KEEP_AFTER_EXPIRY_MS;
    if (left <= 0) this.end(session.id, { closedBy: 'policy', cause: 'expired' });
    if (forgetIn <= 0) this.forget(session);
    else session.cancelTimer = this.clock.after(left > 0 ? left : forgetIn, () => this.watch(session));
  }
}

const KNOWN_SESSION_CAUSES: readonly string[] = ['expired', 'canceled'];

/**
 * How the end of a session shows on its connections. A client that ends its session ends its
 * connections regularly.
 */
export function connectionEnd(end: SessionEnd): ConnectionEnd {
  if (end.closedBy === 'client') return { closedBy: 'client', cause: 'fin' };
  const cause = KNOWN_SESSION_CAUSES.includes(end.cause) ? (end.cause as Cause) : 'canceled';
  return { closedBy: end.closedBy, cause };
}
