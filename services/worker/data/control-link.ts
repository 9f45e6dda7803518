/**
 * The control process, as one of its data processes sees it. A data process listens; a control
 * process comes, proves itself, is told what the process holds, and answers for the controllers.
 * When it is gone, connections go on: requests wait a moment for the next one, and closes are kept.
 */
import net, { type Server, type Socket } from 'node:net';
import type { Clock } from '../../../lib/clock/clock';
import type { Logger } from '../../../lib/log/log';
import { setLevel } from '../../../lib/log/log';
import type { ConnectionClosed } from '../../../proto/gen/worker/control';
import { FromData, ToData, type HeldSession } from '../../../proto/gen/worker/data';
import { cancelMessage, closedMessage, egressGrantOf, grantMessage, sessionEndOf } from '../control/messages';
import { statOf, Stats } from '../control/stats';
import type { SessionRegistry, WorkerSession } from '../sessions/registry';
import {
  ControllerUnreachable,
  type Authorization,
  type AuthorizeConnection,
  type ClosedConnection,
  type ConnectionEnd,
  type Controller,
  type FoundSession,
} from '../sessions/types';
import { DATA_LINK_VERSION, MessageLink } from './message-link';
import type { ProcessCounter } from './process-counts';
import { isProof, newNonce, proofOf } from './process-key';
import { UnacknowledgedCloses } from './unacknowledged-closes';

const REPORT_INTERVAL_MS = 1_000;
/** How long a request waits for a control process that is started anew. */
const CONTROL_WAIT_MS = 2_000;
/** Sessions and connections of one piece of the inventory. */
const INVENTORY_ITEMS = 1_000;

type Outgoing = NonNullable<FromData['message']>;
type Incoming = NonNullable<ToData['message']>;

/** What the control process has this process do. */
export interface Commands {
  drain(deadlineMs: number, isPassedOn: boolean): void;
  stop(): void;
  /** The control process is gone. */
  orphaned(): void;
}

export interface ControlLinkOptions {
  /** Of the control process that started this one. */
  bootId: string;
  /** When that one began, ms since the epoch. */
  began: number;
  /** Directory of the worker. */
  directory: string;
  /** Of the socket there, and of the spool. */
  name: string;
  key: Buffer;
  registry: SessionRegistry;
  counter: ProcessCounter;
  clock: Clock;
  log: Logger;
  commands: Commands;
}

interface Pending {
  resolve(answer: Incoming): void;
  reject(error: Error): void;
}

export class ControlLink implements Controller {
  private readonly server: Server;
  /** The present control process. */
  private link: MessageLink<FromData, ToData> | undefined;
  private readonly requests = new Map<bigint, Pending>();
  private nextRequest = 1n;
  private readonly closes: UnacknowledgedCloses;
  private readonly stats: Stats;
  private readonly waiters = new Set<() => void>();
  private readonly stopReports: () => void;
  private isWithoutController = false;
  private isHandedOver = false;

  constructor(private readonly options: ControlLinkOptions) {
    const { directory, name, clock, log, registry } = options;
    this.closes = new UnacknowledgedCloses(directory, name, clock, log);
    this.stats = new Stats(() => registry.all());
    this.server = net.createServer((socket) => this.accept(socket));
    this.stopReports = clock.every(REPORT_INTERVAL_MS, () => this.report());
  }

  /** Listens for control processes. Rejects with the error of the system. */
  async listen(path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(path, resolve);
    });
  }

  get hasControl(): boolean {
    return this.link !== undefined;
  }

  /** Nothing of this process waits for its control process, if there is one. */
  get isSettled(): boolean {
    return this.link === undefined || this.closes.size === 0;
  }

  /** Tells what is left, and ends. */
  close(): void {
    this.stopReports();
    this.report();
    this.server.close();
    this.closes.close();
    this.link?.end();
  }

  async authorizeConnection(request: AuthorizeConnection): Promise<Authorization> {
    const answer = await this.request((request_id) => ({
      $case: 'authorize_connection',
      value: {
        request_id,
        session_id: request.sessionId,
        tofu_token: request.tofuToken,
        connection_id: request.connectionId,
        client_address: request.client.address,
        client_port: request.client.port,
      },
    }));
    if (answer.$case !== 'connection_answer' || answer.value.result === undefined) throw unexpected();
    const { refused, text, connections_left, expires_in_ms } = answer.value.result;
    const refusedBy = answer.value.refused_by === 'worker' ? 'worker' : undefined;
    return { refused, refusedBy, text, connectionsLeft: connections_left, expiresInMs: Number(expires_in_ms) };
  }

  async endSession(sessionId: string, tofuToken: string): Promise<string> {
    const answer = await this.request((request_id) => ({
      $case: 'end_session',
      value: { request_id, session_id: sessionId, tofu_token: tofuToken },
    }));
    return answer.$case === 'end_session' ? answer.value.refused : 'controller unreachable';
  }

  async findSession(sessionId: string, clientAddress: string): Promise<FoundSession | undefined> {
    const answer = await this.request((request_id) => ({
      $case: 'find_session',
      value: { request_id, session_id: sessionId, client_address: clientAddress },
    }));
    if (answer.$case !== 'found_session') return undefined;
    const { grant, ended } = answer.value;
    return { grant: grant && egressGrantOf(grant), ended: ended && sessionEndOf(ended) };
  }

  connectionClosed(closed: ClosedConnection): void {
    const close = this.closes.add(closedMessage(closed, this.options.bootId));
    this.tellClose(close);
  }

  private tellClose(value: ConnectionClosed): void {
    this.link?.send({ message: { $case: 'connection_closed', value } });
  }

  private async request(make: (requestId: bigint) => Outgoing): Promise<Incoming> {
    const { link } = this;
    if (link === undefined) {
      await this.waitForControl();
      if (this.link === undefined) throw new ControllerUnreachable('the control process of the worker is gone', false);
    }
    const id = this.nextRequest++;
    return new Promise((resolve, reject) => {
      this.requests.set(id, { resolve, reject });
      this.send(make(id));
    });
  }

  private waitForControl(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.waiters.delete(done);
        resolve();
      };
      const cancel = this.options.clock.after(CONTROL_WAIT_MS, done);
      this.waiters.add(done);
    });
  }

  private send(message: Outgoing): void {
    this.link?.send({ message });
  }

  /** Counts of connections that have changed, and of refusals. */
  private report(requestId = 0n): void {
    if (this.link === undefined) return;
    // What is left out now, the next report brings.
    if (this.link.isIdle || requestId !== 0n) {
      for (const stats of this.stats.changed()) this.send({ $case: 'connection_stats', value: { stats } });
    }
    const counts = this.options.counter.take();
    if (counts === undefined && requestId === 0n) return;
    this.send({
      $case: 'counts',
      value: { request_id: requestId, ...(counts ?? { counts: [], connect_seconds: [] }) },
    });
  }

  /** One control process at a time: another one is told that there is one. */
  private accept(socket: Socket): void {
    const { key, clock, bootId, began } = this.options;
    const nonce = newNonce();
    let isBegun = false;
    const link: MessageLink<FromData, ToData> = new MessageLink(
      socket,
      { out: FromData, in: ToData },
      {
        message: ({ message }) => {
          if (isBegun) return void (message && this.receive(message));
          if (message?.$case === 'challenge') {
            const hello = {
              protocol_version: DATA_LINK_VERSION,
              proof: proofOf(key, 'data', message.value.nonce),
              nonce,
              pid: process.pid,
              boot_id: bootId,
              began: BigInt(began),
              handed_over: this.isHandedOver,
              taken: this.link !== undefined,
            };
            return link.send({ message: { $case: 'hello', value: hello } });
          }
          if (message?.$case !== 'begin' || this.link || !isProof(message.value.proof, key, 'control', nonce)) {
            return link.destroy();
          }
          isBegun = true;
          cancel();
          this.begin(link, message.value.attached);
        },
        closed: () => {
          cancel();
          if (this.link === link) this.lost();
        },
      },
    );
    const cancel = clock.after(CONTROL_WAIT_MS, () => link.destroy());
  }

  private begin(link: MessageLink<FromData, ToData>, isAttached: boolean): void {
    this.link = link;
    this.closes.offDisk();
    this.sendInventory();
    for (const close of this.closes.all()) this.tellClose(close);
    this.controllerState(isAttached);
    for (const done of [...this.waiters]) done();
  }

  private lost(): void {
    this.link = undefined;
    for (const request of this.requests.values()) {
      request.reject(new ControllerUnreachable('the control process of the worker is gone', true));
    }
    this.requests.clear();
    this.closes.toDisk();
    this.controllerState(false);
    this.options.commands.orphaned();
  }

  /** Grace periods run while there is no controller, whoever is missing in between. */
  private controllerState(isAttached: boolean): void {
    if (this.isWithoutController === !isAttached) return;
    this.isWithoutController = !isAttached;
    if (isAttached) this.options.registry.controllerBack();
    else this.options.registry.controllerLost();
  }

  private sendInventory(): void {
    let sessions: HeldSession[] = [];
    let items = 0;
    for (const session of this.options.registry.all()) {
      for (const held of this.heldSession(session)) {
        sessions.push(held);
        items += 1 + held.connections.length;
        if (items < INVENTORY_ITEMS) continue;
        this.send({ $case: 'inventory', value: { sessions, more: true } });
        [sessions, items] = [[], 0];
      }
    }
    this.send({ $case: 'inventory', value: { sessions, more: false } });
  }

  /** In parts, since a session may have many connections. */
  private *heldSession(session: WorkerSession): Generator<HeldSession> {
    const { grant, ended, isRevoked, connections } = session;
    const live = [...connections.values()].filter(({ isAuthorized }) => isAuthorized);
    for (let at = 0; at === 0 || at < live.length; at += INVENTORY_ITEMS) {
      yield {
        grant: grantMessage(grant, session.expiresAt - this.options.clock.now().getTime()),
        ended: ended && cancelMessage(session.id, ended),
        revoked: isRevoked,
        connections: live.slice(at, at + INVENTORY_ITEMS).map(statOf),
      };
    }
  }

  private receive(message: Incoming): void {
    const { registry, commands, log } = this.options;
    switch (message.$case) {
      case 'connection_answer':
        return this.answer(message.value.result?.request_id, message);
      case 'end_session':
      case 'found_session':
        return this.answer(message.value.request_id, message);
      case 'unanswered': {
        const { request_id, was_sent } = message.value;
        this.requests.get(request_id)?.reject(new ControllerUnreachable('no controller answered', was_sent));
        return void this.requests.delete(request_id);
      }
      case 'grants':
        for (const grant of message.value.grants.map(egressGrantOf)) if (grant) registry.put(grant);
        return;
      case 'session_ended': {
        const { session, revoked } = message.value;
        if (session) registry.end(session.session_id, sessionEndOf(session), revoked);
        return;
      }
      case 'session_forgotten':
        return registry.drop(message.value.session_id);
      case 'cut':
        return this.cut(message.value.connection_ids, message.value as unknown as EndOfCut);
      case 'connection_closed_ack':
        return this.closes.acknowledge(message.value.sequence);
      case 'controller_state':
        return this.controllerState(message.value.attached);
      case 'drain':
        this.isHandedOver ||= message.value.handed_over;
        return commands.drain(Number(message.value.deadline_ms), message.value.passed_on);
      case 'stop':
        return commands.stop();
      case 'report_counts':
        return this.report(message.value.request_id);
      case 'log_level':
        return setLevel(log, message.value.level);
      default:
        // Of a later release.
        return;
    }
  }

  private answer(requestId: bigint | undefined, message: Incoming): void {
    if (requestId === undefined) return;
    this.requests.get(requestId)?.resolve(message);
    this.requests.delete(requestId);
  }

  private cut(connectionIds: readonly string[], { closed_by, cause }: EndOfCut): void {
    const end: ConnectionEnd = { closedBy: closed_by, cause };
    for (const connection of this.options.registry.findConnections(connectionIds)) connection.cut(end);
  }
}

interface EndOfCut {
  closed_by: ConnectionEnd['closedBy'];
  cause: ConnectionEnd['cause'];
}

const unexpected = (): ControllerUnreachable => new ControllerUnreachable('unexpected answer', true);
