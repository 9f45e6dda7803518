/**
 * Server side of `sallyport/1`: one transport carries one connection.
 * States: waiting for CONNECT or END → setting up (dial and authorization in parallel) → relaying →
 * over.
 * Whatever ends the connection, `over` runs once. A connection that the controller allowed is
 * reported closed exactly once.
 */
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../../lib/clock/clock';
import { endText } from '../../../lib/contract/endings';
import { newIdOf } from '../../../lib/contract/id-prefixes';
import { isTofuToken } from '../../../lib/contract/session-protocol';
import { type RandomInt } from '../../../lib/ids/ids';
import type { Lease } from '../../../lib/limits/counters';
import type { Logger } from '../../../lib/log/log';
import { decodePayload, FrameType, ProtocolError } from '../../../lib/transport/frames';
import { Relay, type RelayEnd } from '../../../lib/transport/relay';
import { UNPOOLED } from '../../../lib/transport/slabs';
import {
  CLEAN_LINGER_MS,
  CUT_LINGER_MS,
  Transport,
  type SessionTransport,
  type TransportEnd,
  type TransportHandler,
} from '../../../lib/transport/transport';
import { HIGH_WATER_BYTES } from '../../../lib/transport/write-queue';
import { Close, Connect, ConnectError, ConnectOk, End } from '../../../proto/gen/transport/transport';
import type { WorkerSession } from '../sessions/registry';
import {
  ControllerUnreachable,
  type Authorization,
  type ClosedConnection,
  type ConnectionCounts,
  type ConnectionEnd,
  type Controller,
  type LiveConnection,
  type SessionEnd,
} from '../sessions/types';
import { WORKER_FULL, type ConnectionPlaces } from './connection-places';
import { noteClosed, noteRefused } from './connection-notes';
import { dial, dialText, type Dialed, type DialFailure, type Dialing } from './dial';
import type { ProxyMetrics } from './metrics';

/** The time from the established transport to the first frame. */
const FIRST_FRAME_DEADLINE_MS = 10_000;
/** The cause when nobody knows whether the connection is on record. */
const UNREACHABLE = 'controller unreachable';

export interface ConnectionDeps {
  controller: Controller;
  /** Counts the connections against the limits. */
  places: ConnectionPlaces;
  /** Ends the session locally, after the controller agreed to END. */
  endSession(sessionId: string, end: SessionEnd): void;
  /** True once the worker takes no new connections. */
  isDraining(): boolean;
  clock: Clock;
  log: Logger;
  metrics: ProxyMetrics;
  random?: RandomInt | undefined;
  /** Default: TCP. */
  dial?: typeof dial | undefined;
  keepaliveMs?: number | undefined;
  dialTimeoutMs?: number | undefined;
  /** See RelayOptions. */
  halfClosedIdleMs?: number | undefined;
}

/** Where a client comes from, as its socket says. */
type ClientAddress = Pick<TLSSocket, 'remoteAddress' | 'remotePort'>;

/** Serves `socket`, an established transport of `session`, until it is over. */
export function serveSallyport(socket: TLSSocket, session: WorkerSession, deps: ConnectionDeps): void {
  const open = (handler: TransportHandler) => new Transport(socket, handler, deps.clock, deps.keepaliveMs);
  serveConnection(socket, open, session, deps);
}

/** A transport that may tell its client that it is allowed before the endpoint has answered. */
export interface ServedTransport extends SessionTransport {
  allowed?(authorization: Authorization): void;
}

/** Serves a transport to `client` that shows its protocol as the frames of `sallyport/1`. */
export function serveConnection(
  client: ClientAddress,
  open: (handler: TransportHandler) => ServedTransport,
  session: WorkerSession,
  deps: ConnectionDeps,
): void {
  new Connection(client, open, session, deps);
}

/** Why a connection was not allowed. Nothing is recorded for it. */
interface Refusal {
  refused: string;
  text: string;
  closedBy: string;
}

class Connection implements LiveConnection {
  readonly id: string;
  isAuthorized = false;
  private readonly transport: ServedTransport;
  private readonly client: { address: string; port: number };
  private dialing: Dialing | undefined;
  private readonly started = process.hrtime.bigint();
  private readonly cancelDeadline: () => void;
  /**
   * Payload that came before the endpoint was ready; at most about one read beyond the high-water
   * mark.
   */
  private early: Buffer[] = [];
  private earlyBytes = 0;
  private earlyFrames: FrameType[] = [];
  private relay: Relay | undefined;
  private dialed: Dialed | undefined;
  /** Numeric address that was dialed, kept because a closed socket forgets it. */
  private endpoint: { address: string; port: number } | undefined;
  private firstByteLatencyUs: number | undefined;
  /** Held while the session has this connection. */
  private place: Lease | undefined;
  /** Set once something ended the connection. */
  private end: ConnectionEnd | undefined;
  private hasFirstFrame = false;
  private isEndingSession = false;

  constructor(
    { remoteAddress = '', remotePort = 0 }: ClientAddress,
    open: (handler: TransportHandler) => ServedTransport,
    private readonly session: WorkerSession,
    private readonly deps: ConnectionDeps,
  ) {
    this.id = newIdOf('connection', 'connection', deps.random);
    this.client = { address: remoteAddress, port: remotePort };
    this.transport = open({
      data: (chunk) => this.earlyData(chunk),
      control: (type, payload) => this.control(type, payload),
      drain: () => undefined,
      closed: (end) => this.transportClosed(end),
    });
    this.cancelDeadline = deps.clock.after(FIRST_FRAME_DEADLINE_MS, () => this.transport.destroy());
  }

  counts(): ConnectionCounts {
    return {
      connectionId: this.id,
      bytesUp: this.relay?.received ?? 0,
      bytesDown: this.relay?.sent ?? 0,
      endpoint: this.endpoint,
    };
  }

  cut(end: ConnectionEnd): void {
    if (this.end) return;
    this.end = end;
    this.dialing?.giveUp();
    if (!this.relay) return;
    this.relay.abort();
    this.sendClose(end.closedBy, end.cause, () => this.report());
  }

  private earlyData(chunk: Buffer): void {
    if (!this.hasFirstFrame) throw new ProtocolError('DATA before CONNECT');
    if (this.earlyFrames.length > 0) throw new ProtocolError('DATA after FIN');
    this.early.push(Buffer.from(chunk));
    this.earlyBytes += chunk.length;
    if (this.earlyBytes >= HIGH_WATER_BYTES) this.transport.pause();
  }

  private control(type: FrameType, payload: Buffer): void {
    if (type === FrameType.end) return this.takeEnd(decodePayload(End, payload).tofu_token);
    if (type === FrameType.check && !this.hasFirstFrame) return this.takeCheck();
    if (type === FrameType.connect && !this.hasFirstFrame)
      return this.takeConnect(decodePayload(Connect, payload).tofu_token);
    const isEarlyEnd = this.hasFirstFrame && (type === FrameType.fin || type === FrameType.rst);
    if (!isEarlyEnd || this.relay || this.earlyFrames.length > 0) {
      throw new ProtocolError(`frame of type ${type} is out of place`);
    }
    this.earlyFrames.push(type);
  }

  private takeConnect(tofuToken: string): void {
    if (!isTofuToken(tofuToken)) throw new ProtocolError('first-use token is not 20 letters and digits');
    this.begin();
    const { ended } = this.session;
    if (ended) {
      const text = endText(ended.cause, ended.closedBy);
      return this.refuse({ refused: ended.cause, text, closedBy: ended.closedBy });
    }
    if (this.deps.isDraining()) {
      return this.refuse({ refused: 'worker drain', text: endText('worker drain'), closedBy: 'worker' });
    }
    const place = this.deps.places.take(this.session.id);
    if ('text' in place) return this.refuse({ refused: WORKER_FULL, text: place.text, closedBy: 'worker' });
    this.place = place;
    this.session.connections.set(this.id, this);
    this.setUp(tofuToken).catch((error: unknown) => {
      this.deps.log.error({ err: error, session_id: this.session.id }, 'connection set-up failed');
      this.end ??= { closedBy: 'worker', cause: 'protocol error' };
      this.dialing?.giveUp();
      if (this.isAuthorized) this.report();
      else this.forget();
      this.transport.destroy();
    });
  }

  private begin(): void {
    this.hasFirstFrame = true;
    this.cancelDeadline();
  }

  private async setUp(tofuToken: string): Promise<void> {
    const open = this.deps.dial ?? dial;
    const dialing = open(this.session.grant.endpoint, this.deps.clock, this.deps.dialTimeoutMs);
    this.dialing = dialing;
    const authorization = await this.authorize(tofuToken);
    if ('closedBy' in authorization) {
      this.dialing?.giveUp();
      const dialed = await dialing.result;
      if ('socket' in dialed) dialed.socket.destroy();
      this.forget();
      return this.refuse(authorization);
    }
    this.isAuthorized = true;
    this.deps.metrics.openConnections.inc();
    this.transport.allowed?.(authorization);
    const dialed = await dialing.result;
    if ('socket' in dialed) this.dialedTo(dialed);
    if (this.end) return this.endDuringSetUp(this.end);
    if (!('socket' in dialed)) return this.dialFailed(dialed);
    this.startRelay(dialed, authorization);
  }

  private dialedTo(dialed: Dialed): void {
    this.dialed = dialed;
    const { remoteAddress, remotePort } = dialed.socket;
    if (remoteAddress !== undefined) this.endpoint = { address: remoteAddress, port: remotePort ?? 0 };
  }

  private async authorize(tofuToken: string): Promise<Authorization | Refusal> {
    const request = { sessionId: this.session.id, tofuToken, connectionId: this.id, client: this.client };
    try {
      const answer = await this.deps.controller.authorizeConnection(request);
      if (answer.refused === '') return answer;
      // The controller's database has failed, perhaps only in answering.
      if (answer.refused === UNREACHABLE) this.giveSlotBack();
      const { refused, refusedBy = 'controller', text } = answer;
      return { refused, text: text || endText(refused), closedBy: refusedBy };
    } catch (error) {
      if (!(error instanceof ControllerUnreachable)) throw error;
      if (error.wasSent) this.giveSlotBack();
      return { refused: UNREACHABLE, text: endText(UNREACHABLE), closedBy: 'worker' };
    }
  }

  /** The connection may be on record although no answer came. */
  private giveSlotBack(): void {
    this.deps.controller.connectionClosed({
      ...this.counts(),
      sessionId: this.session.id,
      closedBy: 'worker',
      cause: UNREACHABLE,
      dialFailed: true,
    });
  }

  private refuse(refusal: Refusal): void {
    this.end ??= { closedBy: 'controller', cause: 'canceled' };
    const { refused: cause, closedBy } = refusal;
    noteRefused(this.deps, { sessionId: this.session.id, cause, closedBy }, this.client);
    this.sendConnectError(refusal.refused, refusal.text, refusal.closedBy);
  }

  private dialFailed(failure: DialFailure): void {
    this.end = failure;
    this.sendConnectError(failure.cause, dialText(failure, this.session.grant.endpoint), failure.closedBy);
    this.report(true);
  }

  /** The connection was cut, or its client has gone, before the endpoint was ready. */
  private endDuringSetUp(end: ConnectionEnd): void {
    this.dialed?.socket.resetAndDestroy();
    this.sendConnectError(end.cause, endText(end.cause, end.closedBy), end.closedBy);
    this.report();
  }

  private startRelay(dialed: Dialed, authorization: Authorization): void {
    const { clock, halfClosedIdleMs, metrics } = this.deps;
    const { socket } = dialed;
    const ok: ConnectOk = {
      expires_in_ms: BigInt(Math.max(0, Math.round(authorization.expiresInMs))),
      connections_left: authorization.connectionsLeft,
      connection_limit: this.session.grant.connectionLimit,
    };
    this.transport.send(FrameType.connectOk, ConnectOk.encode(ok).finish());
    metrics.connectSeconds.observe(this.elapsedUs() / 1e6);
    const relay = new Relay(socket, this.transport, {
      clock,
      halfClosedIdleMs,
      control: (type, payload) => this.control(type, payload),
      done: (end) => this.relayEnded(end),
    });
    relay.onFirstByte = () => (this.firstByteLatencyUs = this.elapsedUs());
    this.relay = relay;
    relay.start();
    const hasRoom = this.early.map((chunk) => relay.data(chunk, UNPOOLED)).every(Boolean);
    for (const type of this.earlyFrames) relay.control(type, Buffer.alloc(0));
    this.early = [];
    this.dialing = undefined;
    if (this.earlyBytes >= HIGH_WATER_BYTES && hasRoom) this.transport.resume();
  }

  private relayEnded(relayEnd: RelayEnd): void {
    if (this.end) return;
    this.end = connectionEndOf(relayEnd);
    if (relayEnd.by === 'limit') return this.sendClose(this.end.closedBy, this.end.cause, () => this.report());
    this.transport.end(relayEnd.cause === 'fin' ? CLEAN_LINGER_MS : CUT_LINGER_MS, () => this.report());
  }

  /**
   * Answers with the end of the session. While the session goes on, closes the transport without an
   * answer.
   */
  private takeCheck(): void {
    this.begin();
    const { ended } = this.session;
    if (ended) this.sendClose(ended.closedBy, ended.cause);
    else this.transport.destroy();
  }

  private takeEnd(tofuToken: string): void {
    if (!this.hasFirstFrame) this.begin();
    // One read may hold several END frames. The first is answered, and the transport ends.
    if (this.isEndingSession) return;
    this.isEndingSession = true;
    const { ended } = this.session;
    if (ended) return this.sendClose(ended.closedBy, ended.cause);
    this.deps.controller
      .endSession(this.session.id, tofuToken)
      .then((refused) => {
        if (refused !== '') return this.sendClose('controller', refused);
        this.deps.endSession(this.session.id, { closedBy: 'client', cause: 'canceled' });
        this.sendClose('client', 'fin');
      })
      .catch((error: unknown) => {
        if (!(error instanceof ControllerUnreachable)) this.deps.log.error({ err: error }, 'END failed');
        this.sendClose('worker', 'controller unreachable');
      });
  }

  private transportClosed(end: TransportEnd): void {
    this.cancelDeadline();
    if (this.end) return;
    // The end came before the relay, which later listens itself.
    this.end = this.endBeforeRelay(end);
    this.dialing?.giveUp();
  }

  /**
   * A client that has reported a reset of its side is not lost, although its transport closes right
   * afterwards.
   */
  private endBeforeRelay(end: TransportEnd): ConnectionEnd {
    if (end.kind === 'protocol') return { closedBy: 'client', cause: 'protocol error', error: end.error.message };
    return { closedBy: 'client', cause: this.earlyFrames.includes(FrameType.rst) ? 'rst' : 'client lost' };
  }

  private sendClose(closedBy: string, cause: string, written?: () => void): void {
    const close: Close = { closed_by: closedBy, cause, text: endText(cause, closedBy) };
    this.sendLast(FrameType.close, Close.encode(close).finish(), written);
  }

  private sendConnectError(cause: string, text: string, closedBy: string): void {
    this.sendLast(FrameType.connectErr, ConnectError.encode({ cause, text, closed_by: closedBy }).finish());
  }

  /**
   * Sends a last frame and ends the transport; `over` runs once that is written, or cannot be any
   * more.
   */
  private sendLast(type: FrameType, payload: Uint8Array, over?: () => void): void {
    this.transport.send(type, payload);
    this.transport.end(CUT_LINGER_MS, over);
  }

  private forget(): void {
    this.place?.release();
    this.session.connections.delete(this.id);
  }

  /** Tells the controller that an allowed connection is over. */
  private report(dialFailed = false): void {
    const end = this.end ?? { closedBy: 'worker', cause: 'protocol error' };
    this.forget();
    const closed: ClosedConnection = {
      ...this.counts(),
      sessionId: this.session.id,
      closedBy: end.closedBy,
      cause: end.cause,
      error: end.error,
      connectLatencyUs: this.dialed?.latencyUs,
      firstByteLatencyUs: this.firstByteLatencyUs,
      dialFailed,
    };
    noteClosed(this.deps, closed, this.client);
    this.deps.controller.connectionClosed(closed);
  }

  private elapsedUs(): number {
    return Number((process.hrtime.bigint() - this.started) / 1000n);
  }
}

function connectionEndOf(end: RelayEnd): ConnectionEnd {
  if (end.by === 'limit') return { closedBy: 'policy', cause: 'idle timeout' };
  if (end.cause === 'lost') {
    const isClient = end.by === 'peer';
    return {
      closedBy: isClient ? 'client' : 'endpoint',
      cause: isClient ? 'client lost' : 'endpoint lost',
      error: end.error,
    };
  }
  return { closedBy: end.by === 'peer' ? 'client' : 'endpoint', cause: end.cause, error: end.error };
}
