/**
 * The client's end of a session: a local listener. Each connection has a session transport of its
 * own. A connection that cannot be made is reset and reported, and the listener stays. The proxy
 * ends with the session: by expiry, cancel, the last connection, or inactivity.
 */
import { setMaxListeners } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { systemClock, type Clock } from '../../../lib/clock/clock';
import type { EndWord } from '../../../lib/contract/endings';
import { newTofuToken } from '../../../lib/contract/session-protocol';
import { decodeAuthorizationToken, type SessionAuthorizationData } from '../../../lib/transport/authorization-token';
import type { LocalStream } from '../../../lib/transport/local-stream';
import type { Close, ConnectError, ConnectOk } from '../../../proto/gen/transport/transport';
import { endSession } from './end-session';
import { ExpiryWatch, inWords, lifetimeOf } from './expiry-watch';
import { lastBytes } from './last-bytes';
import { listenLocally } from './local-listener';
import { PeerGate } from './peer-gate';
import { ProxiedConnection } from './proxied-connection';
import { WorkerDialer } from './worker-dialer';

export interface SessionProxyOptions {
  /** Base58 authorization token. */
  token: string;
  /** Numeric address. */
  listenAddress: string;
  /** 0 takes the port that the target suggests, if it is free, or else any port. */
  listenPort: number;
  /**
   * Ends the proxy when it has had connections and none is open for this long. Absent or not
   * positive: never.
   */
  inactivityMs?: number | undefined;
  /** Whether connections of other users of this machine are taken too. */
  allowOtherUsers?: boolean | undefined;
  /** The only connection, in the place of a listener; the proxy ends with it. */
  stream?: LocalStream | undefined;
  /** Lines for a debug log. */
  log?: ((line: string) => void) | undefined;
  /** After each new connection of a limited session: how many are left, and of how many. */
  onConnectionsLeft?: ((left: number, limit: number) => void) | undefined;
  /** Default: the system's. */
  clock?: Clock | undefined;
  /** Something a person should read; the proxy goes on. */
  onWarning?: ((text: string) => void) | undefined;
}

export interface ProxyEnd {
  reason: string;
  /** The session ended at the server's side, not by its user. */
  serverSide: boolean;
  message?: string | undefined;
  /** Why the server side ended it, or did not make its only connection; as in docs/causes.md. */
  cause?: string | undefined;
}

export interface SessionProxy {
  /** Empty, and port 0, without a listener. */
  address: string;
  port: number;
  sessionId: string;
  expiration: Date;
  /** -1 is no limit. */
  connectionLimit: number;
  type: string;
  endpoint: string;
  hostId: string;
  targetId: string;
  defaultClientPort: number;
  /** Resolves when the proxy has ended, by itself or by close(). */
  done: Promise<ProxyEnd>;
  /**
   * Stops listening, lets connections finish that their client has ended, ends the session, cuts
   * the rest.
   */
  close(): Promise<void>;
}

/** Rejects with InvalidAuthorizationToken or the error of listening, such as EADDRINUSE. */
export async function startSessionProxy(options: SessionProxyOptions): Promise<SessionProxy> {
  const data = decodeAuthorizationToken(options.token);
  const proxy = new RunningProxy(data, options);
  const bound = await proxy.start();
  return {
    address: bound.address,
    port: bound.port,
    sessionId: data.session_id,
    expiration: data.expiration ?? new Date(0),
    connectionLimit: data.connection_limit,
    type: data.type,
    endpoint: data.endpoint,
    hostId: data.host_id,
    targetId: data.target_id,
    defaultClientPort: data.default_client_port,
    done: proxy.done,
    close: () => proxy.close(),
  };
}

/**
 * How long connections of a session that is over wait for their workers to end them and say so, ms.
 */
const LAST_WORD_MS = 2_000;

/** Causes after which no connection of the session can ever succeed again. */
const FINAL_CAUSES: Partial<Record<string, string>> = {
  expired: 'Session has expired',
  canceled: 'Session has been canceled',
  'session ended': 'Session has ended',
  'session not found': 'Session has ended',
  'tofu token not allowed': 'Error from proxy client: the session is already in use by another client',
} satisfies Partial<Record<EndWord, string>>;

class RunningProxy {
  readonly done: Promise<ProxyEnd>;
  private readonly server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  private readonly gate: PeerGate;
  private readonly dialer: WorkerDialer;
  private readonly tofuToken = newTofuToken();
  /** Connections whose local side is not over. */
  private readonly connections = new Set<ProxiedConnection>();
  /** All connections that still have a transport, or may get one. */
  private readonly unsettled = new Set<ProxiedConnection>();
  private readonly abort = new AbortController();
  private resolveDone: (end: ProxyEnd) => void = () => {};
  private readonly clock: Clock;
  private readonly expiry: ExpiryWatch;
  private cancelLastWord: () => void = () => {};
  private cancelInactivity: () => void = () => {};
  private closing: Promise<void> | undefined;
  /** The controller has ended the session, or will without being asked. */
  private sessionIsOver = false;
  /** A worker has said that the session is over. The workers cut what is left. */
  private ending: ProxyEnd | undefined;
  private limitReached = false;

  constructor(
    private readonly data: SessionAuthorizationData,
    private readonly options: SessionProxyOptions,
  ) {
    this.clock = options.clock ?? systemClock;
    // One for each dial under way, however many those are; the default limit would print a warning.
    setMaxListeners(0, this.abort.signal);
    this.dialer = new WorkerDialer(data, this.clock);
    this.expiry = new ExpiryWatch(this.clock, {
      warn: (leftMs) => this.warnOfExpiry(leftMs),
      expired: () => this.expired(),
    });
    this.done = new Promise((resolve) => (this.resolveDone = resolve));
    this.gate = new PeerGate({
      take: (socket) => this.accept(socket),
      warn: (text) => options.onWarning?.(text),
      log: (line) => options.log?.(line),
    });
    this.server.on('connection', (socket) =>
      options.allowOtherUsers === true ? this.accept(socket) : this.gate.offer(socket),
    );
  }

  async start(): Promise<Pick<AddressInfo, 'address' | 'port'>> {
    const { stream } = this.options;
    if (stream === undefined) return this.listen();
    this.watchExpiry();
    this.accept(stream);
    return { address: '', port: 0 };
  }

  private async listen(): Promise<AddressInfo> {
    const { listenAddress, listenPort } = this.options;
    const suggested = this.data.default_client_port;
    const isFree = await listenLocally(this.server, listenAddress, { wanted: listenPort, suggested });
    if (!isFree) {
      this.options.onWarning?.(`The target's suggested port ${suggested} is not available; using another one.`);
    }
    this.server.on('error', (error) =>
      this.finish({ reason: `Error from proxy client: ${error.message}`, serverSide: false }),
    );
    this.watchExpiry();
    return this.server.address() as AddressInfo;
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private accept(socket: LocalStream): void {
    this.cancelInactivity();
    const connection = new ProxiedConnection(socket, {
      dialer: this.dialer,
      signal: this.abort.signal,
      tofuToken: this.tofuToken,
      clock: this.clock,
      connected: (ok) => this.connected(ok),
      refused: (error, isCertain) => this.refused(error, isCertain),
      closed: (close) => this.closedByWorker(close),
      reset: () => this.resetByEndpoint(),
      failed: (text, cause) => this.broken(text, cause),
      over: () => this.connectionOver(connection),
      settled: () => this.unsettled.delete(connection),
      log: (line) => this.options.log?.(line),
    });
    this.connections.add(connection);
    this.unsettled.add(connection);
    connection.start();
  }

  private connected(ok: ConnectOk): void {
    // A timer that is set while the proxy closes would keep its process alive.
    if (ok.expires_in_ms > 0n && !this.closing) this.expiry.set(Number(ok.expires_in_ms));
    if (ok.connections_left < 0) return;
    this.options.onConnectionsLeft?.(ok.connections_left, ok.connection_limit);
    if (ok.connections_left === 0) this.reachLimit();
  }

  private refused(error: ConnectError, isCertain: boolean): void {
    if (error.cause === 'connection limit' && isCertain) return this.refusedByLimit();
    if (!this.endedFor(error.cause, error.text)) this.broken(error.text, error.cause);
  }

  private closedByWorker(close: Close): void {
    // The worker's answer to END; nobody needs to be told.
    if (this.closing && close.cause === 'fin') return;
    if (!this.endedFor(close.cause, close.text)) this.broken(close.text, close.cause);
  }

  /** One connection could not be made or broke. */
  private broken(text: string, cause: string): void {
    if (this.options.stream === undefined) this.options.onWarning?.(text);
    else this.finish({ reason: text, serverSide: true, cause });
  }

  /** A program at the listener sees the reset; with standard streams nobody would. */
  private resetByEndpoint(): void {
    if (this.options.stream !== undefined) this.broken("The session's endpoint reset the connection.", 'rst');
  }

  private endedFor(cause: string, text: string): boolean {
    const reason = FINAL_CAUSES[cause];
    if (reason === undefined) return false;
    this.sessionIsOver = true;
    if (this.ending !== undefined) return true;
    const end = (this.ending = { reason, serverSide: true, message: text, cause });
    // Workers cut the other connections themselves. A connection that is cut here first would be
    // recorded as reset by its client.
    this.stopListening();
    this.cancelLastWord();
    if (this.connections.size === 0) this.finish(end);
    else this.cancelLastWord = this.clock.after(LAST_WORD_MS, () => this.finish(end));
    return true;
  }

  private refusedByLimit(): void {
    if (this.options.stream !== undefined) this.broken('No connections left in session', 'connection limit');
    this.reachLimit();
  }

  private reachLimit(): void {
    this.limitReached = true;
    this.stopListening();
    if (this.connections.size === 0) this.connectionOver(undefined);
  }

  private connectionOver(connection: ProxiedConnection | undefined): void {
    if (connection) this.connections.delete(connection);
    if (this.connections.size > 0 || this.closing) return;
    this.sessionIsOver ||= this.limitReached;
    if (this.ending !== undefined) return this.finish(this.ending);
    if (this.options.stream !== undefined) {
      // The reason of the break follows right behind the end.
      setImmediate(() => this.finish({ reason: 'Connection closed', serverSide: false }));
      return;
    }
    if (this.limitReached) {
      this.finish({ reason: 'No connections left in session', serverSide: false });
      return;
    }
    const { inactivityMs = 0 } = this.options;
    if (inactivityMs <= 0) return;
    this.cancelInactivity = this.clock.after(inactivityMs, () =>
      this.finish({ reason: 'Inactivity timeout reached', serverSide: false }),
    );
  }

  private watchExpiry(): void {
    const { expiration } = this.data;
    this.expiry.set(lifetimeOf(this.data));
    if (expiration === undefined || expiration > this.clock.now()) return;
    this.options.onWarning?.('By the clock of this machine the session has expired already; its worker decides.');
  }

  private warnOfExpiry(leftMs: number): void {
    const what = this.options.stream === undefined ? 'its connections are cut and the listener closes' : 'it is cut';
    this.options.onWarning?.(`The session expires in ${inWords(leftMs)}; then ${what}.`);
  }

  /**
   * The worker enforces the expiry and reports it on each connection. This end only stops
   * listening.
   */
  private expired(): void {
    this.stopListening();
    const end = (): void => void this.endedFor('expired', 'The session has expired.');
    if (this.connections.size === 0) end();
    else this.cancelLastWord = this.clock.after(LAST_WORD_MS, end);
  }

  private finish(end: ProxyEnd): void {
    this.options.log?.(`proxy ended: ${end.reason}`);
    this.stopListening();
    this.stopTimers();
    for (const connection of this.connections) connection.cut();
    this.resolveDone(end);
  }

  private stopListening(): void {
    if (this.server.listening) this.server.close();
    this.gate.close();
  }

  private stopTimers(): void {
    this.expiry.stop();
    this.cancelLastWord();
    this.cancelInactivity();
  }

  private async shutDown(): Promise<void> {
    this.stopListening();
    this.stopTimers();
    await lastBytes(this.connections, this.unsettled, this.clock);
    // The worker cuts the remaining connections as ended by their client. They are cut here too, in
    // case no worker answers.
    if (!this.sessionIsOver) await this.endSession();
    for (const connection of this.connections) connection.cut();
    this.abort.abort();
    for (const connection of this.unsettled) connection.destroy();
    this.resolveDone(this.ending ?? { reason: 'Received shutdown signal', serverSide: false });
  }

  private async endSession(): Promise<void> {
    const problem = await endSession(this.dialer, this.tofuToken, this.clock);
    if (problem !== undefined) this.options.onWarning?.(`The session could not be ended: ${problem}`);
  }
}
