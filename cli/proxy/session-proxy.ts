/**
 * The client's end of a session: a local listener whose connections each travel in a session transport of their own.
 * A connection that cannot be made is reset and reported; the listener stays. The proxy ends by itself when the
 * session does: expiry, cancel, no connections left, or inactivity.
 */
import net, { type AddressInfo } from 'node:net';
import { systemClock } from '../../lib/clock/clock';
import { randomBase62 } from '../../lib/ids/ids';
import { decodeAuthorizationToken, type SessionAuthorizationData } from '../../lib/transport/authorization-token';
import type { LocalStream } from '../../lib/transport/relay';
import type { Close, ConnectError, ConnectOk } from '../../proto/gen/transport/transport';
import { endSession } from './end-session';
import { ProxiedConnection } from './proxied-connection';
import { WorkerDialer } from './worker-dial';

export interface SessionProxyOptions {
  /** Base58 authorization token. */
  token: string;
  /** Numeric address. */
  listenAddress: string;
  /** 0: the port the target suggests if it is free, else any. */
  listenPort: number;
  /** Ends the proxy when it has had connections and none is open for this long. Absent or not positive: never. */
  inactivityMs?: number | undefined;
  /** The only connection, in the place of a listener; the proxy ends with it. */
  stream?: LocalStream | undefined;
  /** Lines for a debug log. */
  log?: ((line: string) => void) | undefined;
  /** Connections left after each new one of a limited session. */
  onConnectionsLeft?: ((left: number) => void) | undefined;
  /** Something a person should read; the proxy goes on. */
  onWarning?: ((text: string) => void) | undefined;
}

export interface ProxyEnd {
  reason: string;
  /** The session ended at the server's side, not by its user. */
  serverSide: boolean;
  message?: string | undefined;
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
  /** Stops listening, lets connections finish that their client has ended, ends the session, cuts the rest. */
  close(): Promise<void>;
}

/** How long close() waits for ended connections to finish while bytes still move, and while none do. */
const FINISH_TOTAL_MS = 30_000;
const FINISH_IDLE_MS = 1_000;
const FINISH_LOOK_MS = 10;
/** How long close() goes on reading from local clients that have not ended but still send. */
const READ_UP_TOTAL_MS = 3_000;

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

/** Causes after which no connection of the session can ever succeed again. */
const FINAL_CAUSES: Record<string, string> = {
  expired: 'Session has expired',
  canceled: 'Session has been canceled',
  'session ended': 'Session has ended',
  'session not found': 'Session has ended',
  'tofu token not allowed': 'Error from proxy client: the session is already in use by another client',
};

class RunningProxy {
  readonly done: Promise<ProxyEnd>;
  private readonly server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  private readonly dialer: WorkerDialer;
  private readonly tofuToken = randomBase62(20);
  /** Connections whose local side is not over. */
  private readonly connections = new Set<ProxiedConnection>();
  /** All connections that still have a transport, or may get one. */
  private readonly unsettled = new Set<ProxiedConnection>();
  private readonly abort = new AbortController();
  private resolveDone: (end: ProxyEnd) => void = () => {};
  private cancelExpiry: () => void = () => {};
  private cancelInactivity: () => void = () => {};
  private closing: Promise<void> | undefined;
  /** The controller has ended the session, or will without being asked. */
  private sessionIsOver = false;
  private limitReached = false;

  constructor(
    private readonly data: SessionAuthorizationData,
    private readonly options: SessionProxyOptions,
  ) {
    this.dialer = new WorkerDialer(data);
    this.done = new Promise((resolve) => (this.resolveDone = resolve));
    this.server.on('connection', (socket) => this.accept(socket));
  }

  async start(): Promise<Pick<AddressInfo, 'address' | 'port'>> {
    const { stream } = this.options;
    if (stream === undefined) return this.listen();
    this.watchExpiry((this.data.expiration?.getTime() ?? 0) - Date.now());
    this.accept(stream);
    return { address: '', port: 0 };
  }

  private async listen(): Promise<AddressInfo> {
    const { listenAddress, listenPort } = this.options;
    const suggested = this.data.default_client_port;
    if (listenPort !== 0 || suggested === 0) await this.listenOn(listenAddress, listenPort);
    else {
      await this.listenOn(listenAddress, suggested).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
        this.options.onWarning?.(`The target's suggested port ${suggested} is not available; using another one.`);
        await this.listenOn(listenAddress, 0);
      });
    }
    this.server.on('error', (error) =>
      this.finish({ reason: `Error from proxy client: ${error.message}`, serverSide: false }),
    );
    this.watchExpiry((this.data.expiration?.getTime() ?? 0) - Date.now());
    return this.server.address() as AddressInfo;
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private listenOn(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port }, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  private accept(socket: LocalStream): void {
    this.cancelInactivity();
    const connection = new ProxiedConnection(socket, {
      dial: () => this.dialer.dial(this.abort.signal),
      tofuToken: this.tofuToken,
      clock: systemClock,
      connected: (ok) => this.connected(ok),
      refused: (error) => this.refused(error),
      closed: (close) => this.closedByWorker(close),
      failed: (text) => this.broken(text),
      over: () => this.connectionOver(connection),
      settled: () => this.unsettled.delete(connection),
      log: (line) => this.options.log?.(line),
    });
    this.connections.add(connection);
    this.unsettled.add(connection);
    connection.start();
  }

  private connected(ok: ConnectOk): void {
    this.watchExpiry(Number(ok.expires_in_ms));
    if (ok.connections_left < 0) return;
    this.options.onConnectionsLeft?.(ok.connections_left);
    if (ok.connections_left === 0) this.reachLimit();
  }

  private refused(error: ConnectError): void {
    if (error.cause === 'connection limit') return this.refusedByLimit();
    if (error.closed_by === 'worker') this.dialer.preferNext();
    if (!this.endedFor(error.cause, error.text)) this.broken(error.text);
  }

  private closedByWorker(close: Close): void {
    if (!this.endedFor(close.cause, close.text)) this.broken(close.text);
  }

  /** One connection could not be made or broke. */
  private broken(text: string): void {
    if (this.options.stream === undefined) this.options.onWarning?.(text);
    else this.finish({ reason: text, serverSide: true });
  }

  private endedFor(cause: string, text: string): boolean {
    const reason = FINAL_CAUSES[cause];
    if (reason === undefined) return false;
    this.sessionIsOver = true;
    this.finish({ reason, serverSide: true, message: text });
    return true;
  }

  private refusedByLimit(): void {
    if (this.options.stream !== undefined) this.broken('No connections left in session');
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
    if (this.options.stream !== undefined) {
      // What broke the connection is told right behind its end.
      setImmediate(() => this.finish({ reason: 'Connection closed', serverSide: false }));
      return;
    }
    if (this.limitReached) {
      this.finish({ reason: 'No connections left in session', serverSide: false });
      return;
    }
    const { inactivityMs = 0 } = this.options;
    if (inactivityMs <= 0) return;
    this.cancelInactivity = systemClock.after(inactivityMs, () =>
      this.finish({ reason: 'Inactivity timeout reached', serverSide: false }),
    );
  }

  /** The worker enforces expiry; this end follows its own clock only to stop listening. */
  private watchExpiry(leftMs: number): void {
    this.cancelExpiry();
    const at = Date.now() + leftMs;
    this.cancelExpiry = systemClock.after(leftMs, () => {
      if (Date.now() < at - 1) return this.watchExpiry(at - Date.now());
      this.endedFor('expired', 'The session has expired.');
    });
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
  }

  private stopTimers(): void {
    this.cancelExpiry();
    this.cancelInactivity();
  }

  private async shutDown(): Promise<void> {
    this.stopListening();
    this.stopTimers();
    await this.finishEnded();
    for (const connection of this.connections) connection.cut();
    if (!this.sessionIsOver) await this.endSession();
    this.abort.abort();
    for (const connection of this.unsettled) connection.destroy();
    this.resolveDone({ reason: 'Received shutdown signal', serverSide: false });
  }

  /**
   * Bytes whose sender has already closed must still arrive, as long as they move. A local client may have closed with
   * bytes that were not read yet: while some are still read from it, it gets a short time to show its end.
   */
  private async finishEnded(): Promise<void> {
    await this.whileMoving(
      READ_UP_TOTAL_MS,
      FINISH_LOOK_MS * 3,
      () => [...this.connections].filter((connection) => !connection.isEndedByLocal),
      (connection) => (connection.isConnecting ? Date.now() : connection.sent),
    );
    await this.whileMoving(
      FINISH_TOTAL_MS,
      FINISH_IDLE_MS,
      () => [...this.unsettled].filter((connection) => connection.isEndedByLocal),
      (connection) => connection.bytes,
    );
  }

  /** Waits until no connection is selected, or none moved for `idleMs`, or `totalMs` have passed. */
  private async whileMoving(
    totalMs: number,
    idleMs: number,
    select: () => ProxiedConnection[],
    count: (connection: ProxiedConnection) => number,
  ): Promise<void> {
    const started = Date.now();
    let moved = -1;
    let movedAt = started;
    while (Date.now() - started < totalMs && Date.now() - movedAt < idleMs) {
      const waiting = select();
      if (waiting.length === 0) return;
      const bytes = waiting.reduce((sum, connection) => sum + count(connection), 0);
      if (bytes !== moved) movedAt = Date.now();
      moved = bytes;
      await new Promise((resolve) => setTimeout(resolve, FINISH_LOOK_MS));
    }
  }

  private async endSession(): Promise<void> {
    const problem = await endSession(this.dialer, this.tofuToken, systemClock);
    if (problem !== undefined) this.options.onWarning?.(`The session could not be ended: ${problem}`);
  }
}
