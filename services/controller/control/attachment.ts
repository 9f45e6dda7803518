/**
 * One control stream of one worker.
 *
 *   waiting for Hello ──▶ reconciling ──▶ attached ──▶ ended
 *
 * While it reconciles, pushes for the worker wait and follow the Welcome, so that nothing that
 * changes meanwhile is missed. Grants and the rest of the inventory come behind the Welcome, in
 * pieces. The worker's identity is that of its certificate.
 */
import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import { CONTROL_PROTOCOL_VERSION } from '../../../lib/contract/session-protocol';
import { newId, randomBase62 } from '../../../lib/ids/ids';
import type {
  AttachRequest,
  AttachResponse,
  CancelSession,
  Hello,
  Inventory,
  SessionInventory,
} from '../../../proto/gen/worker/control';
import { sql } from '../db/db';
import { closeLost, ofEarlierProcesses } from '../sessions/connections.store';
import type { WorkerIdentity } from '../listeners/cluster-listener';
import type { ControlDeps } from './control-deps';
import * as store from './control.store';
import { Feed } from './feed';
import { drainingBootIds, MAX_BOOT_ID, openOnRecord, reconcile, recordAttachment, type Reconciliation } from './hello';
import { Outbox, type Push } from './outbox';
import { Reports } from './reports';
import { Requests } from './requests';

export const HEARTBEAT_SECONDS = 5;
/** Heartbeats that may fail to come before the stream counts as dead. */
const MISSED_HEARTBEATS = 3;
const HELLO_TIMEOUT_MS = 10_000;
/** So many cancellations go one by one. */
const FEW_CANCELS = 10;
const CANCELS_OF_MESSAGE = 1_000;
/** How long a connection that the worker does not list may still send its close, ms. */
const MISSING_GRACE_MS = 10_000;

export class Attachment {
  readonly id: string;
  private state: 'waiting for Hello' | 'reconciling' | 'attached' | 'ended' = 'waiting for Hello';
  private readonly outbox: Outbox;
  private readonly feed: Feed;
  /** What of the inventory is to come: nothing, a message, or one that is being looked at. */
  private inventory: 'complete' | 'awaited' | 'under way' = 'complete';
  private readonly timers: (() => void)[] = [];
  /**
   * Heartbeats sent since the last sign of life. They are counted, so that no change of a clock
   * ends streams.
   */
  private beatsUnheard = 0;
  bootId = '';
  /**
   * A later process of the worker has taken over: this stream serves the connections that are left.
   */
  isHandedOver = false;
  /** Earlier processes that drain beside this one. */
  drainingBootIds: readonly string[] = [];
  /** The later process that named this one as draining is gone. */
  goesOn = false;
  /**
   * Connections that are open on record but not in the worker's inventory. Their closes are on the
   * way, or will never come.
   */
  private missing = new Set<string>();
  private readonly reports: Reports;
  private readonly requests: Requests;
  /** Resolves when everything that the stream began is over. */
  readonly done: Promise<void>;
  readonly workerId: string;
  /** The record of this attachment; undefined before it is written. */
  record: store.Held | undefined;
  private markDone!: () => void;

  constructor(
    private readonly deps: ControlDeps,
    private readonly call: ServerDuplexStream<AttachRequest, AttachResponse>,
    private readonly identity: WorkerIdentity,
    private readonly hooks: Record<'attached' | 'handedOver' | 'ended', (attachment: Attachment) => void>,
  ) {
    this.workerId = identity.workerId;
    this.id = `${newId('att', deps.random)}${randomBase62(6, deps.random)}`;
    const { workerId } = this;
    this.done = new Promise((resolve) => (this.markDone = resolve));
    const tooMuch = () =>
      this.end(
        status.RESOURCE_EXHAUSTED,
        'the worker does not read what is sent (controller.limits.cluster_queue_bytes)',
      );
    this.outbox = new Outbox(call, tooMuch, deps.queueBytes);
    this.feed = new Feed(deps, workerId, this.outbox, tooMuch);
    const send = (message: Push): void => this.send(message);
    this.reports = new Reports({
      on: deps.db.executor,
      clock: deps.clock,
      log: deps.log,
      workerId,
      acknowledge: (sequence) => send({ $case: 'connection_closed_ack', value: { sequence } }),
      tooMany: () => this.end(status.RESOURCE_EXHAUSTED, 'too many closes at once: the rest on the next stream'),
    });
    this.requests = new Requests(deps, workerId, send);
    this.timers.push(deps.clock.after(HELLO_TIMEOUT_MS, () => this.expectHello()));
    call.on('data', (request: AttachRequest) => this.receive(request));
    call.on('end', () => this.end());
    call.on('cancelled', () => this.end());
    call.on('error', () => this.end());
  }

  get isEnded(): boolean {
    return this.state === 'ended';
  }

  /** Sends, or keeps until the Welcome is out. */
  push(message: Push): void {
    this.feed.push(message);
  }

  /** Tells the worker of ended sessions; in few messages when it takes them in pieces. */
  cancel(sessions: readonly CancelSession[]): void {
    if (!this.outbox.takesPieces || sessions.length <= FEW_CANCELS) {
      for (const value of sessions) this.push({ $case: 'cancel_session', value });
      return;
    }
    for (let at = 0; at < sessions.length; at += CANCELS_OF_MESSAGE) {
      const value = { sessions: sessions.slice(at, at + CANCELS_OF_MESSAGE) };
      this.push({ $case: 'cancel_sessions', value });
    }
  }

  /** Ends the stream; with a code the worker learns why. */
  end(code?: status, details = ''): void {
    if (this.state === 'ended') return;
    const wasKnown = this.state !== 'waiting for Hello';
    this.state = 'ended';
    for (const cancel of this.timers) cancel();
    this.outbox.end();
    this.feed.end();
    this.requests.end();
    if (code === undefined) this.call.end();
    else this.call.emit('error', { code, details });
    this.hooks.ended(this);
    void this.finish(wasKnown).then(this.markDone);
  }

  private async finish(wasKnown: boolean): Promise<void> {
    try {
      await this.reports.end();
      if (wasKnown) await store.detach(this.deps.db.executor, this.id, this.deps.clock.now());
    } catch (error) {
      // The next lease renewal forgets it.
      this.deps.log.warn({ err: error, worker_id: this.workerId }, 'the end of a stream could not be written');
    }
  }

  private send(message: Push): void {
    this.outbox.answer(message);
  }

  private expectHello(): void {
    if (this.state === 'waiting for Hello') this.end(status.DEADLINE_EXCEEDED, 'no Hello came');
  }

  private receive({ message }: AttachRequest): void {
    this.beatsUnheard = 0;
    if (this.state === 'waiting for Hello') {
      if (message?.$case === 'hello') void this.welcome(message.value);
      else this.end(status.FAILED_PRECONDITION, 'the first message must be Hello');
      return;
    }
    if (this.state === 'ended') return;
    switch (message?.$case) {
      case 'inventory':
        return void this.takeInventory(message.value);
      case 'connection_stats':
        for (const stat of message.value.stats) this.missing.delete(stat.connection_id);
        return this.reports.addStats(message.value.stats);
      case 'connection_closed':
        return this.reports.addClose(message.value);
      case 'authorize_connection':
        this.missing.delete(message.value.connection_id);
        return this.requests.authorizeConnection(message.value, this.bootId);
      case 'end_session':
        return this.requests.endSession(message.value);
      case 'get_grant':
        return this.requests.getGrant(message.value);
      case 'renew_certificate':
        return this.requests.renewCertificate(message.value);
      case 'draining':
        return this.draining(message.value.handed_over);
      case 'process_ended':
        return void this.processEnded(message.value.boot_id);
      case 'hello':
        return this.end(status.FAILED_PRECONDITION, 'a stream has one Hello');
      default:
        // Heartbeats, and messages of a later release.
        return;
    }
  }

  private draining(isHandedOver: boolean): void {
    if (isHandedOver) return this.leave();
    if (this.record !== undefined) this.record.draining = true;
    this.requests.draining(this.id);
  }

  /** The record is that of a later process. */
  private leave(): void {
    if (this.state !== 'ended') this.hooks.handedOver(this);
  }

  private async welcome(hello: Hello): Promise<void> {
    this.state = 'reconciling';
    this.bootId = hello.boot_id;
    try {
      const problem = helloProblem(hello);
      if (problem !== undefined) return this.end(status.FAILED_PRECONDITION, problem);
      this.isHandedOver = hello.handed_over;
      this.drainingBootIds = drainingBootIds(hello);
      this.goesOn = hello.goes_on;
      // Registered first, so that changes from here on are pushed; they wait for the Welcome.
      this.hooks.attached(this);
      const recorded = await recordAttachment(this.deps, this, hello);
      if (recorded === 'unknown worker') {
        return this.end(status.PERMISSION_DENIED, 'this worker does not exist any more: create and enroll it anew');
      }
      if (recorded === 'handed over') this.leave();
      if (!this.isHandedOver) this.record = this.recordOf(hello);
      this.outbox.takesPieces = hello.pieces;
      this.missing = await openOnRecord(this.deps, this.workerId, this.bootId);
      const found = await this.compare(hello.sessions);
      const first = hello.pieces ? { grants: [], next: '' } : await this.feed.forWelcome();
      if (!this.stillReconciling()) return;
      this.state = 'attached';
      this.inventory = hello.more_inventory ? 'awaited' : 'complete';
      this.send({
        $case: 'welcome',
        value: {
          worker_id: this.workerId,
          controller_id: this.deps.controllerId,
          ...found,
          grants: first.grants,
          heartbeat_seconds: HEARTBEAT_SECONDS,
          certificate_not_after: new Date(this.identity.certificate.validTo),
          pieces: true,
        },
      });
      this.start();
      await this.feed.run(first.next);
    } catch (error) {
      this.deps.log.warn({ err: error, worker_id: this.workerId }, 'a worker could not attach');
      this.end(status.UNAVAILABLE, 'the controller cannot attach the worker now');
    }
  }

  private recordOf(hello: Hello): store.Held {
    const { workerId, id: attachmentId, bootId } = this;
    return { workerId, attachmentId, bootId, draining: hello.draining, attachedTime: this.deps.clock.now() };
  }

  private stillReconciling(): boolean {
    return this.state === 'reconciling';
  }

  private start(): void {
    this.timers.push(this.deps.clock.every(HEARTBEAT_SECONDS * 1_000, () => this.beat()));
    if (this.inventory === 'complete') this.inventoryComplete();
  }

  /** Compares a piece of the inventory with the database. */
  private async compare(sessions: readonly SessionInventory[]): Promise<Reconciliation> {
    for (const session of sessions)
      for (const { connection_id } of session.connections) this.missing.delete(connection_id);
    return reconcile(this.deps, this.workerId, sessions);
  }

  /**
   * The worker sends a piece when it has the answer to the one before, so that no two are under
   * way.
   */
  private async takeInventory({ sessions, more }: Inventory): Promise<void> {
    if (this.inventory !== 'awaited') {
      return this.end(status.FAILED_PRECONDITION, 'Inventory comes in its turn, after Hello has announced it');
    }
    this.inventory = 'under way';
    try {
      const value = await this.compare(sessions);
      this.inventory = more ? 'awaited' : 'complete';
      this.push({ $case: 'reconciled', value });
      if (!more && this.state === 'attached') this.inventoryComplete();
    } catch (error) {
      this.deps.log.warn({ err: error, worker_id: this.workerId }, 'an inventory could not be compared');
      this.end(status.UNAVAILABLE, 'the controller cannot compare the inventory now');
    }
  }

  private inventoryComplete(): void {
    if (this.missing.size === 0) return;
    this.timers.push(this.deps.clock.after(MISSING_GRACE_MS, () => void this.giveUpMissing()));
  }

  private beat(): void {
    if (this.beatsUnheard++ >= MISSED_HEARTBEATS) {
      return this.end(status.DEADLINE_EXCEEDED, 'no heartbeat came');
    }
    this.send({ $case: 'heartbeat', value: {} });
  }

  /**
   * Closes the connections of a process that has drained and ended. Its last reports have come, so
   * nobody else will report them.
   */
  private async processEnded(bootId: string): Promise<void> {
    this.drainingBootIds = this.drainingBootIds.filter((id) => id !== bootId);
    await this.reports.written();
    try {
      await store.forgetProcess(this.deps.db.executor, this.workerId, bootId);
    } catch (error) {
      // The next Hello does not name it.
      this.deps.log.warn({ err: error, worker_id: this.workerId }, 'the end of a process could not be written');
      return;
    }
    await this.giveUp(sql`c.worker_id = ${this.workerId} and ${ofEarlierProcesses}`);
  }

  private async giveUpMissing(): Promise<void> {
    const ids = [...this.missing];
    if (ids.length > 0) await this.giveUp(sql`c.worker_id = ${this.workerId} and c.id = any(${ids}::text[])`);
  }

  private async giveUp(which: ReturnType<typeof sql>): Promise<void> {
    try {
      await closeLost(this.deps.db.executor, which, this.deps.clock.now());
    } catch (error) {
      // They are closed at the end of their session at the latest.
      this.deps.log.warn({ err: error, worker_id: this.workerId }, 'lost connections could not be closed');
    }
  }
}

function helloProblem(hello: Hello): string | undefined {
  if (hello.protocol_version !== CONTROL_PROTOCOL_VERSION) {
    return `this controller speaks version ${CONTROL_PROTOCOL_VERSION} of the control protocol, the worker ${hello.protocol_version}`;
  }
  if (hello.boot_id === '' || hello.address === '') return 'Hello needs boot_id and address';
  if (hello.boot_id.length > MAX_BOOT_ID) return `boot_id has at most ${MAX_BOOT_ID} characters`;
  return undefined;
}
