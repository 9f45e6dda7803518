/**
 * A data process, as its control process sees it. Its connections stand in the sessions here as if
 * this process carried them: with the counts that it has told last, and cut by a message. What it
 * asks is asked of the controllers here.
 */
import type { Socket } from 'node:net';
import type { ConnectionStat } from '../../../proto/gen/worker/control';
import {
  FromData,
  ToData,
  type HeldSession,
  type ProcessCounts,
  type ProcessHello,
} from '../../../proto/gen/worker/data';
import type { Lease } from '../../../lib/limits/counters';
import { endText, isCause } from '../../../lib/contract/endings';
import type { Logger } from '../../../lib/log/log';
import { cancelMessage, egressGrantOf, grantMessage, sessionEndOf } from '../control/messages';
import { WORKER_FULL, type ConnectionPlaces } from '../proxy/connection-places';
import type { ProxyMetrics } from '../proxy/metrics';
import type { SessionRegistry, WorkerSession } from '../sessions/registry';
import {
  ControllerUnreachable,
  type Authorization,
  type ConnectionCounts,
  type ConnectionEnd,
  type LiveConnection,
} from '../sessions/types';
import type { AuthorizeConnectionRequest, ConnectionClosed } from '../../../proto/gen/worker/control';
import type { Clock } from '../../../lib/clock/clock';
import { DATA_LINK_VERSION, MessageLink } from './message-link';
import { REFUSED_CONNECTIONS, REFUSED_SOCKETS } from './process-counts';
import { isProof, newNonce, proofOf } from './process-key';

/** From the challenge to the end of the inventory. */
const HELLO_TIMEOUT_MS = 1_000;

/** The controllers, as far as data processes need them. */
export interface Upstream {
  readonly isAttached: boolean;
  authorizeConnection(request: {
    sessionId: string;
    tofuToken: string;
    connectionId: string;
    client: { address: string; port: number };
  }): Promise<Authorization>;
  endSession(sessionId: string, tofuToken: string): Promise<string>;
  /** Answers the sequence that the close has in the spool. */
  passOn(close: Omit<ConnectionClosed, 'sequence'>): bigint;
  /** Counts have come: tells controllers of them. */
  reportStats(): void;
}

export interface RemoteParts {
  sessions: SessionRegistry;
  places: ConnectionPlaces;
  metrics: ProxyMetrics;
  clock: Clock;
  log: Logger;
  key: Buffer;
  upstream: Upstream;
  /** Connections are refused as `worker drain`. */
  isDraining(): boolean;
}

type Outgoing = NonNullable<ToData['message']>;
type Incoming = NonNullable<FromData['message']>;

export class RemoteProcess {
  readonly pid: number;
  /** Of the control process that started it; controllers know its connections by it. */
  readonly bootId: string;
  readonly began: number;
  readonly isHandedOver: boolean;
  /** Settles when the process has no link any more: it is gone, or as good as. */
  readonly gone: Promise<void>;
  isGone = false;
  /** It goes on, for a later control process. */
  isLeft = false;
  private readonly connections = new Map<string, RemoteConnection>();
  /** Sessions that the process knows. */
  private readonly known = new Set<string>();
  /** Closes that are not safe yet: sequence in the spool, and at the process. */
  private readonly unsafe: { spool: bigint; own: bigint }[] = [];
  private readonly reports = new Map<bigint, () => void>();
  private nextReport = 1n;
  private cuts = new Map<string, { ids: string[]; end: ConnectionEnd }>();
  private link!: MessageLink<ToData, FromData>;
  private markGone: () => void = () => {};

  private constructor(
    hello: ProcessHello,
    private readonly parts: RemoteParts,
  ) {
    this.pid = hello.pid;
    this.bootId = hello.boot_id;
    this.began = Number(hello.began);
    this.isHandedOver = hello.handed_over;
    this.gone = new Promise((resolve) => (this.markGone = resolve));
  }

  /**
   * Takes up the process at the other end of `socket`, with all that it holds. Undefined when it is
   * gone, or does not prove that it is of this worker. The boot id of its control process, when it
   * has one that lives.
   */
  static takeUp(socket: Socket, parts: RemoteParts): Promise<RemoteProcess | { takenBy: string } | undefined> {
    return new Promise((resolve) => {
      let process: RemoteProcess | undefined;
      let isComplete = false;
      const nonce = newNonce();
      const codecs = { out: ToData, in: FromData };
      const cancel = parts.clock.after(HELLO_TIMEOUT_MS, () => link.destroy());
      const link: MessageLink<ToData, FromData> = new MessageLink(socket, codecs, {
        message({ message }) {
          if (process === undefined) {
            if (message?.$case !== 'hello' || !isOurs(message.value, parts.key, nonce)) return link.destroy();
            if (message.value.taken) {
              resolve({ takenBy: message.value.boot_id });
              return link.destroy();
            }
            process = new RemoteProcess(message.value, parts);
            process.link = link;
            const value = {
              proof: proofOf(parts.key, 'control', message.value.nonce),
              attached: parts.upstream.isAttached,
            };
            return link.send({ message: { $case: 'begin', value } });
          }
          if (message?.$case === 'inventory') {
            for (const held of message.value.sessions) process.takeHeld(held);
            if (message.value.more || isComplete) return;
            isComplete = true;
            cancel();
            resolve(process);
          } else if (message) process.receive(message);
        },
        closed() {
          cancel();
          process?.lost();
          resolve(undefined);
        },
      });
      link.send({ message: { $case: 'challenge', value: { nonce } } });
    });
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  tell(message: Outgoing): void {
    this.link.send({ message });
  }

  drop(): void {
    this.link.destroy();
  }

  /** Leaves the process to a later control process. */
  letGo(): void {
    this.connections.clear();
    this.isLeft = true;
    this.link.end();
  }

  /** Resolves when all that the process has counted by now has come, or it is gone. */
  async counted(timeoutMs: number): Promise<void> {
    const request_id = this.nextReport++;
    await new Promise<void>((resolve) => {
      const cancel = this.parts.clock.after(timeoutMs, resolve);
      this.reports.set(request_id, () => {
        cancel();
        resolve();
      });
      this.tell({ $case: 'report_counts', value: { request_id } });
      void this.gone.then(resolve);
    });
    this.reports.delete(request_id);
  }

  /** Of the registry. */
  granted(session: WorkerSession): void {
    if (this.known.has(session.id)) this.tell({ $case: 'grants', value: { grants: [this.grantOf(session)] } });
  }

  ended(session: WorkerSession): void {
    if (!this.known.has(session.id) || session.ended === undefined) return;
    const value = { session: cancelMessage(session.id, session.ended), revoked: session.isRevoked };
    this.tell({ $case: 'session_ended', value });
  }

  forgotten(session: WorkerSession): void {
    if (!this.known.delete(session.id)) return;
    this.tell({ $case: 'session_forgotten', value: { session_id: session.id } });
  }

  /** Of a close in the spool: all up to it are safe. */
  safe(sequence: bigint): void {
    let own: bigint | undefined;
    while (this.unsafe.length > 0 && this.unsafe[0]!.spool <= sequence) own = this.unsafe.shift()!.own;
    if (own !== undefined) this.tell({ $case: 'connection_closed_ack', value: { sequence: own } });
  }

  /** Of a connection: gathers what is cut in one turn, such as all connections of a session. */
  cut(id: string, end: ConnectionEnd): void {
    if (this.cuts.size === 0) queueMicrotask(() => this.sendCuts());
    const key = `${end.closedBy} ${end.cause}`;
    const cut = this.cuts.get(key) ?? { ids: [], end };
    cut.ids.push(id);
    this.cuts.set(key, cut);
  }

  private sendCuts(): void {
    const cuts = [...this.cuts.values()];
    this.cuts.clear();
    for (const { ids, end } of cuts) {
      for (let at = 0; at < ids.length; at += CUTS_OF_MESSAGE) {
        const connection_ids = ids.slice(at, at + CUTS_OF_MESSAGE);
        this.tell({ $case: 'cut', value: { connection_ids, closed_by: end.closedBy, cause: end.cause } });
      }
    }
  }

  private grantOf(session: WorkerSession) {
    return grantMessage(session.grant, session.expiresAt - this.parts.clock.now().getTime());
  }

  private receive(message: Incoming): void {
    switch (message.$case) {
      case 'authorize_connection':
        return this.inBackground(this.authorize(message.value));
      case 'end_session':
        return this.inBackground(this.endSession(message.value));
      case 'find_session':
        return this.inBackground(this.find(message.value));
      case 'connection_stats':
        for (const stat of message.value.stats) this.connections.get(stat.connection_id)?.take(stat);
        return this.parts.upstream.reportStats();
      case 'connection_closed':
        return this.closed(message.value);
      case 'counts':
        return this.takeCounts(message.value);
      default:
        // Of a later release.
        return;
    }
  }

  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.parts.log.error({ err: error, pid: this.pid }, 'a request of a data process failed');
      this.link.destroy();
    });
  }

  private async authorize(request: AuthorizeConnectionRequest): Promise<void> {
    const { request_id, session_id, connection_id, client_address: address, client_port: port } = request;
    const answer = (refused: string, refusedBy: string, text: string, more?: Authorization): void =>
      this.tell({
        $case: 'connection_answer',
        value: {
          result: {
            request_id,
            refused,
            text,
            connections_left: more?.connectionsLeft ?? 0,
            expires_in_ms: BigInt(Math.round(more?.expiresInMs ?? 0)),
          },
          refused_by: refusedBy,
        },
      });
    if (this.parts.isDraining()) return answer('worker drain', 'worker', endText('worker drain'));
    const session = this.parts.sessions.find(session_id);
    if (session === undefined) return answer('session not found', 'controller', '');
    const place = this.parts.places.take(session_id);
    if ('text' in place) return answer(WORKER_FULL, 'worker', place.text);
    const connection = new RemoteConnection(connection_id, session, this, place);
    this.hold(connection);
    let result: Authorization;
    try {
      result = await this.parts.upstream.authorizeConnection({
        sessionId: session_id,
        tofuToken: request.tofu_token,
        connectionId: connection_id,
        client: { address, port },
      });
    } catch (error) {
      this.forget(connection);
      if (!(error instanceof ControllerUnreachable)) throw error;
      // Nobody else gives the slot back that may have been taken.
      if (this.isGone && error.wasSent) this.reportLost(connection, 'controller unreachable');
      return this.tell({ $case: 'unanswered', value: { request_id, was_sent: error.wasSent } });
    }
    if (result.refused !== '') {
      this.forget(connection);
      return answer(result.refused, '', result.text, result);
    }
    connection.isAuthorized = true;
    this.parts.metrics.openConnections.inc();
    if (this.isGone) return this.lose(connection);
    answer('', '', result.text, result);
  }

  private async endSession(asked: { request_id: bigint; session_id: string; tofu_token: string }): Promise<void> {
    const { request_id, session_id, tofu_token } = asked;
    try {
      const refused = await this.parts.upstream.endSession(session_id, tofu_token);
      if (refused === '') this.parts.sessions.end(session_id, { closedBy: 'client', cause: 'canceled' });
      this.tell({ $case: 'end_session', value: { request_id, refused } });
    } catch (error) {
      this.unanswered(request_id, error);
    }
  }

  private async find(asked: { request_id: bigint; session_id: string; client_address: string }): Promise<void> {
    const { request_id, session_id, client_address } = asked;
    try {
      const session = await this.parts.sessions.get(session_id, client_address);
      if (session) this.known.add(session_id);
      const grant = session && this.grantOf(session);
      const ended = session?.ended && cancelMessage(session_id, session.ended);
      this.tell({ $case: 'found_session', value: { request_id, grant, ended } });
      if (session?.isRevoked) this.ended(session);
    } catch (error) {
      this.unanswered(request_id, error);
    }
  }

  private unanswered(request_id: bigint, error: unknown): void {
    if (!(error instanceof ControllerUnreachable)) throw error;
    this.tell({ $case: 'unanswered', value: { request_id, was_sent: error.wasSent } });
  }

  private takeHeld({ grant, ended, revoked, connections }: HeldSession): void {
    const { sessions, places, metrics } = this.parts;
    const own = grant && egressGrantOf(grant);
    if (own === undefined) return;
    const known = sessions.find(own.sessionId);
    const session = known ?? sessions.put(own);
    if (ended !== undefined && !session.ended) sessions.end(session.id, sessionEndOf(ended), revoked);
    this.known.add(session.id);
    // What it was told of it later than this process.
    if (session.ended && ended === undefined) this.ended(session);
    for (const stat of connections) {
      const place = places.take(session.id);
      const connection = new RemoteConnection(stat.connection_id, session, this, 'text' in place ? undefined : place);
      connection.isAuthorized = true;
      connection.take(stat);
      metrics.openConnections.inc();
      this.hold(connection);
    }
  }

  private closed(close: ConnectionClosed): void {
    const connection = this.connections.get(close.connection_id);
    if (connection !== undefined) this.forget(connection);
    // One that a controller may have allowed without an answer was never open.
    if (connection?.isAuthorized) this.parts.metrics.openConnections.dec();
    if (connection?.isAuthorized || (connection === undefined && !close.dial_failed)) this.count(close);
    this.unsafe.push({ spool: this.parts.upstream.passOn(close), own: close.sequence });
  }

  private count(close: Pick<ConnectionClosed, 'cause' | 'bytes_up' | 'bytes_down'>): void {
    const { metrics } = this.parts;
    metrics.closedConnections.inc({ cause: isCause(close.cause) ? close.cause : 'protocol error' });
    metrics.bytes.inc({ direction: 'up' }, Number(close.bytes_up));
    metrics.bytes.inc({ direction: 'down' }, Number(close.bytes_down));
  }

  private takeCounts({ request_id, counts, connect_seconds }: ProcessCounts): void {
    const { metrics } = this.parts;
    for (const { name, label, amount } of counts) {
      if (name === REFUSED_SOCKETS) metrics.refusedSockets.inc({ reason: label }, Number(amount));
      else if (name === REFUSED_CONNECTIONS) metrics.refusedConnections.inc({ cause: label }, Number(amount));
    }
    for (const seconds of connect_seconds) metrics.connectSeconds.observe(seconds);
    this.reports.get(request_id)?.();
  }

  private hold(connection: RemoteConnection): void {
    this.connections.set(connection.id, connection);
    connection.session.connections.set(connection.id, connection);
  }

  private forget(connection: RemoteConnection): void {
    connection.place?.release();
    this.connections.delete(connection.id);
    const { connections } = connection.session;
    if (connections.get(connection.id) === connection) connections.delete(connection.id);
  }

  /** The process is gone: nobody else knows more of its connections than it has told. */
  private lost(): void {
    this.isGone = true;
    // What is being asked for is settled by its answer.
    const held = [...this.connections.values()].filter(({ isAuthorized }) => isAuthorized);
    if (held.length > 0) {
      this.parts.log.warn({ pid: this.pid, connections: held.length }, 'connections are lost with their data process');
    }
    for (const connection of held) this.lose(connection);
    this.markGone();
  }

  private lose(connection: RemoteConnection): void {
    this.forget(connection);
    this.parts.metrics.openConnections.dec();
    this.count(this.reportLost(connection, 'worker lost'));
  }

  private reportLost({ id, session, last }: RemoteConnection, cause: 'worker lost' | 'controller unreachable') {
    const { bytes_up, bytes_down, endpoint_address, endpoint_port } = last;
    const dial_failed = cause !== 'worker lost';
    const close = {
      ...{ session_id: session.id, connection_id: id, bytes_up, bytes_down, endpoint_address, endpoint_port },
      ...{ closed_by: 'worker', cause, error: '', dial_failed, boot_id: this.bootId },
    };
    this.parts.upstream.passOn(close);
    return close;
  }
}

/** Connections of one message. */
const CUTS_OF_MESSAGE = 1_000;

const isOurs = (hello: ProcessHello, key: Buffer, nonce: Buffer): boolean =>
  hello.protocol_version === DATA_LINK_VERSION && isProof(hello.proof, key, 'data', nonce);

class RemoteConnection implements LiveConnection {
  isAuthorized = false;
  last: ConnectionStat;

  constructor(
    readonly id: string,
    readonly session: WorkerSession,
    private readonly process: RemoteProcess,
    readonly place: Lease | undefined,
  ) {
    this.last = { connection_id: id, bytes_up: 0n, bytes_down: 0n, endpoint_address: '', endpoint_port: 0 };
  }

  take(stat: ConnectionStat): void {
    this.last = stat;
  }

  counts(): ConnectionCounts {
    const { bytes_up, bytes_down, endpoint_address: address, endpoint_port: port } = this.last;
    return {
      connectionId: this.id,
      bytesUp: Number(bytes_up),
      bytesDown: Number(bytes_down),
      endpoint: address === '' ? undefined : { address, port },
    };
  }

  cut(end: ConnectionEnd): void {
    this.process.cut(this.id, end);
  }
}
