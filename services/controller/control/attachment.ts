/**
 * One control stream of one worker.
 *
 *   waiting for Hello ──▶ reconciling ──▶ attached ──▶ ended
 *
 * While it reconciles, pushes for the worker wait and follow the Welcome, so that nothing that changes meanwhile is
 * missed. The worker's identity is that of its certificate.
 */
import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import { newId, randomBase62 } from '../../../lib/ids/ids';
import { AttachResponse, type AttachRequest, type Hello } from '../../../proto/gen/worker/control';
import { sql } from '../db/db';
import { closeLost, ofEarlierProcesses } from '../sessions/connections.store';
import type { WorkerIdentity } from '../listeners/cluster-listener';
import type { ControlDeps } from './control';
import * as store from './control.store';
import { drainingBootIds, MAX_BOOT_ID, reconcile, recordAttachment } from './hello';
import { Reports } from './reports';
import { Requests } from './requests';

export type Push = NonNullable<AttachResponse['message']>;

export const PROTOCOL_VERSION = 1;
export const HEARTBEAT_SECONDS = 5;
/** Heartbeats that may fail to come before the stream counts as dead. */
const MISSED_HEARTBEATS = 3;
const HELLO_TIMEOUT_MS = 10_000;
/** How long a connection that the worker does not list may still send its close, ms. */
const MISSING_GRACE_MS = 10_000;

export class Attachment {
  readonly id: string;
  private state: 'waiting for Hello' | 'reconciling' | 'attached' | 'ended' = 'waiting for Hello';
  private waiting: Push[] = [];
  private readonly timers: (() => void)[] = [];
  /** Heartbeats sent since the worker was heard. Counted, so that no clock can be set to end streams. */
  private beatsUnheard = 0;
  bootId = '';
  /** A later process of the worker has taken over: this stream is for what is left of this one. */
  isHandedOver = false;
  /** Earlier processes that drain beside this one. */
  drainingBootIds: readonly string[] = [];
  /** The later process that named this one as draining is gone. */
  goesOn = false;
  private missing = new Set<string>();
  /** Bytes that wait for the worker to read them. */
  private queued = 0;
  private readonly reports: Reports;
  private readonly requests: Requests;
  /** Resolves when everything that the stream began is over. */
  readonly done: Promise<void>;
  readonly workerId: string;
  /** What is on record of it; undefined before it is. */
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
    const send = (message: Push): void => this.send(message);
    this.reports = new Reports({
      on: deps.db.executor,
      clock: deps.clock,
      log: deps.log,
      workerId,
      acknowledge: (sequence) => send({ $case: 'connection_closed_ack', value: { sequence } }),
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
    if (this.state === 'attached') this.send(message);
    else if (this.state !== 'ended') this.waiting.push(message);
  }

  /** Ends the stream; with a code the worker learns why. */
  end(code?: status, details = ''): void {
    if (this.state === 'ended') return;
    const wasKnown = this.state !== 'waiting for Hello';
    this.state = 'ended';
    for (const cancel of this.timers) cancel();
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
    if (this.state === 'ended') return;
    const bytes = AttachResponse.encode({ message }).finish().length;
    this.queued += bytes;
    this.call.write({ message }, () => (this.queued -= bytes));
    if (this.queued > this.deps.queueBytes()) {
      this.end(
        status.RESOURCE_EXHAUSTED,
        'the worker does not read what is sent (controller.limits.cluster_queue_bytes)',
      );
    }
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
      // Registered first: what changes from here on is pushed and waits for the Welcome.
      this.hooks.attached(this);
      const recorded = await recordAttachment(this.deps, this, hello);
      if (recorded === 'unknown worker') {
        return this.end(status.PERMISSION_DENIED, 'this worker does not exist any more: create and enroll it anew');
      }
      if (recorded === 'handed over') this.leave();
      if (!this.isHandedOver) this.record = this.recordOf(hello);
      const found = await reconcile(this.deps, this.workerId, hello);
      this.missing = found.missing;
      if (!this.stillReconciling()) return;
      this.state = 'attached';
      this.send({
        $case: 'welcome',
        value: {
          worker_id: this.workerId,
          controller_id: this.deps.controllerId,
          cancel_sessions: found.cancel_sessions,
          unknown_connection_ids: found.unknown_connection_ids,
          grants: found.grants,
          heartbeat_seconds: HEARTBEAT_SECONDS,
          certificate_not_after: new Date(this.identity.certificate.validTo),
        },
      });
      this.start();
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
    for (const message of this.waiting.splice(0)) this.send(message);
    const { clock } = this.deps;
    this.timers.push(clock.every(HEARTBEAT_SECONDS * 1_000, () => this.beat()));
    if (this.missing.size > 0) this.timers.push(clock.after(MISSING_GRACE_MS, () => void this.giveUpMissing()));
  }

  private beat(): void {
    if (this.beatsUnheard++ >= MISSED_HEARTBEATS) {
      return this.end(status.DEADLINE_EXCEEDED, 'no heartbeat came');
    }
    this.send({ $case: 'heartbeat', value: {} });
  }

  /** Connections of a process that drained, and whose last reports have come, have nobody left. */
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
  if (hello.protocol_version !== PROTOCOL_VERSION) {
    return `this controller speaks version ${PROTOCOL_VERSION} of the control protocol, the worker ${hello.protocol_version}`;
  }
  if (hello.boot_id === '' || hello.address === '') return 'Hello needs boot_id and address';
  if (hello.boot_id.length > MAX_BOOT_ID) return `boot_id has at most ${MAX_BOOT_ID} characters`;
  return undefined;
}
