/**
 * The worker's side of its deployment: enrolls, keeps a control stream to one of the controllers,
 * and carries what the proxy asks and reports. Losing a stream is normal: the next controller gets
 * a new Hello, nothing is lost or counted twice. Being denied, as a deleted worker is, ends all
 * sessions here. States: starting → (enrolling) → connecting ⇄ attached → closed.
 */
import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { status } from '@grpc/grpc-js';
import { CONTROL_PROTOCOL_VERSION } from '../../../lib/contract/session-protocol';
import { randomBase62 } from '../../../lib/ids/ids';
import type { ConnectionClosed, Hello, Reconciled, SessionGrant, Welcome } from '../../../proto/gen/worker/control';
import {
  ControllerUnreachable,
  type Authorization,
  type AuthorizeConnection,
  type ClosedConnection,
  type Controller,
  type FoundSession,
} from '../sessions/types';
import { CloseReports } from './close-reports';
import { CloseSpool } from './close-spool';
import type { ControlOptions } from './control-options';
import { ControlStream, type AttachClient, type Incoming, type Outgoing } from './control-stream';
import { enroll, EnrollmentRefused } from './enroll';
import { hashToken, loadIdentity, openStorage, saveIdentity, validity, type WorkerIdentity } from './identity';
import { InventoryReport } from './inventory';
import { closedMessage, egressGrantOf, sessionEndOf } from './messages';
import { closeRegistration, collectIdentity, NotRegistered, openRegistration, type Registration } from './registration';
import { renewIdentity, renewalDelay, RENEWAL_RETRY_MS } from './renewal';
import { RequestQueues } from './request-queues';
import { Stats } from './stats';
import { memberCredentials, openClient, type Upstream } from './upstream';

const STATS_INTERVAL_MS = 1_000;
/**
 * Back-off between attempts: from this, doubled up to the maximum, each with jitter of half to
 * full.
 */
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** As many values as a UUID has. */
const BOOT_ID_LENGTH = 22;
/** How long a request waits for a stream that is being made anew. */
const REATTACH_WAIT_MS = 2_000;

export class ControlClient implements Controller {
  /** Tells the processes of a worker apart. */
  bootId: string;
  private readonly spool: CloseSpool;
  private readonly reports: CloseReports;
  private readonly queues: RequestQueues;
  private readonly stats: Stats;
  /** Of the present stream. */
  private inventory: InventoryReport | undefined;
  private identity: WorkerIdentity | undefined;
  /** Of a worker that has neither an identity nor an activation token. */
  private registration: Registration | undefined;
  private stream: ControlStream | undefined;
  private readonly closing = new AbortController();
  private running: Promise<void> | undefined;
  private closed: Promise<void> | undefined;
  private wasAttached = false;
  /**
   * A controller has welcomed this process: what is refused from now on may be put right while it
   * runs.
   */
  private hasEverAttached = false;
  private readonly attachWaiters = new Set<() => void>();
  private readonly stopStats: () => void;
  private cancelRenewal: () => void = () => {};
  /**
   * A later process has taken over: what is on disk and on record of the worker is its to write.
   */
  private isHandedOver = false;
  private drainingBootIds: string[];
  /** Until a controller has heard that the later process is gone. */
  private goesOn = false;
  /**
   * Rejects when the worker can never attach as it is configured; resolves at the first Welcome.
   */
  readonly firstAttach: Promise<void>;
  private resolveFirst: () => void = () => {};
  private rejectFirst: (error: Error) => void = () => {};

  /** Opens the storage. Throws when it is not usable. */
  constructor(private readonly options: ControlOptions) {
    this.bootId = randomBase62(BOOT_ID_LENGTH, options.random);
    openStorage(options.storagePath);
    this.identity = loadIdentity(options.storagePath);
    if (this.identity === undefined && options.activationToken === undefined) {
      this.registration = openRegistration(options.storagePath);
    }
    const besideOthersAs = options.drainingBootIds === undefined ? undefined : this.bootId;
    this.spool = new CloseSpool(options.storagePath, options.clock, options.log, besideOthersAs);
    this.spool.onSafe = options.closesAreSafe ?? this.spool.onSafe;
    this.reports = new CloseReports(this.spool, (message) => this.stream?.send(message));
    this.queues = new RequestQueues(options.clock);
    this.stats = new Stats(() => options.registry.all());
    this.drainingBootIds = options.drainingBootIds ?? [];
    this.firstAttach = new Promise((resolve, reject) => {
      this.resolveFirst = resolve;
      this.rejectFirst = reject;
    });
    // Whoever does not ask must not be ended by it.
    this.firstAttach.catch(() => undefined);
    this.stopStats = options.clock.every(STATS_INTERVAL_MS, () => this.reportStats());
  }

  get workerId(): string | undefined {
    return this.identity?.workerId;
  }

  /** What an administrator creates the worker with; undefined when it does not wait for that. */
  get registrationRequest(): string | undefined {
    return this.registration?.request;
  }

  get isAttached(): boolean {
    return this.stream?.isAttached ?? false;
  }

  /** Closes that no controller has acknowledged. */
  get unacknowledged(): number {
    return this.spool.size;
  }

  /**
   * Data processes of earlier control processes go on: controllers know their connections by these
   * ids. Before the start.
   */
  goOnAs(bootId: string | undefined, others: readonly string[]): void {
    this.bootId = bootId ?? this.bootId;
    this.drainingBootIds = [...this.drainingBootIds, ...others];
  }

  start(): void {
    this.running = this.run();
  }

  /**
   * Other tags and controllers from now on. The next Hello tells of them, so the stream is made
   * anew if they differ.
   */
  reload({ tags, initialUpstreams }: { tags: Record<string, string[]>; initialUpstreams: Upstream[] }): void {
    const { options } = this;
    if (isDeepStrictEqual([tags, initialUpstreams], [options.tags, options.upstreams])) return;
    options.tags = tags;
    options.upstreams = initialUpstreams;
    options.log.info('tags or controllers have changed: attaching anew');
    void this.stream?.close();
  }

  announceDraining(): void {
    if (this.isAttached) this.stream?.send({ $case: 'draining', value: { handed_over: this.isHandedOver } });
  }

  /** A later process of this worker has attached: this one only looks after its own connections. */
  handOver(): void {
    this.isHandedOver = true;
    this.goesOn = false;
    this.cancelRenewal();
    this.spool.stayBesideOthers(this.bootId);
  }

  /**
   * No later process came about, or it is gone: this one is the worker again, as its next Hello
   * tells.
   */
  goOn(): void {
    this.goesOn = true;
    void this.stream?.close();
  }

  /**
   * An earlier process of this worker is gone: reports what it has not, and that nobody has its
   * connections any more.
   */
  processEnded(bootId: string): void {
    this.drainingBootIds = this.drainingBootIds.filter((id) => id !== bootId);
    const left = this.spool.adopt(bootId);
    if (this.isAttached) this.reports.processEnded(bootId, left.at(-1)?.sequence ?? 0n);
  }

  /** Ends the stream; unacknowledged closes stay on disk. */
  close(): Promise<void> {
    this.closed ??= this.shutDown();
    return this.closed;
  }

  private async shutDown(): Promise<void> {
    this.closing.abort();
    this.stopStats();
    this.cancelRenewal();
    await this.stream?.close();
    await this.running;
    this.spool.close();
  }

  async authorizeConnection(request: AuthorizeConnection): Promise<Authorization> {
    await this.attached();
    const answer = await this.queues.ofSession(request.sessionId, () =>
      this.request((request_id) => ({
        $case: 'authorize_connection',
        value: {
          request_id,
          session_id: request.sessionId,
          tofu_token: request.tofuToken,
          connection_id: request.connectionId,
          client_address: request.client.address,
          client_port: request.client.port,
        },
      })),
    );
    if (answer.$case !== 'authorize_connection') throw new ControllerUnreachable('unexpected answer', true);
    const { refused, text, connections_left, expires_in_ms } = answer.value;
    return { refused, text, connectionsLeft: connections_left, expiresInMs: Number(expires_in_ms) };
  }

  async endSession(sessionId: string, tofuToken: string): Promise<string> {
    await this.attached();
    const answer = await this.queues.ofSession(sessionId, () =>
      this.request((request_id) => ({
        $case: 'end_session',
        value: { request_id, session_id: sessionId, tofu_token: tofuToken },
      })),
    );
    return answer.$case === 'end_session' ? answer.value.refused : 'controller unreachable';
  }

  /**
   * Asks for a session that was not announced, for a client. Rejects with {@link
   * ControllerUnreachable}.
   */
  async findSession(sessionId: string, clientAddress: string): Promise<FoundSession | undefined> {
    await this.attached();
    const answer = await this.queues.lookup(clientAddress, () =>
      this.request((request_id) => ({ $case: 'get_grant', value: { request_id, session_id: sessionId } })),
    );
    if (answer.$case !== 'get_grant') return undefined;
    const { grant, ended } = answer.value;
    return { grant: grant && egressGrantOf(grant), ended: ended && sessionEndOf(ended) };
  }

  connectionClosed(closed: ClosedConnection): void {
    this.passOn(closedMessage(closed, this.bootId));
  }

  /** Reports a close of a data process; answers its sequence in the spool. */
  passOn(close: Omit<ConnectionClosed, 'sequence'>): bigint {
    const { sequence } = this.spool.add(close);
    if (this.isAttached) this.reports.goOn();
    return sequence;
  }

  private async request(make: (requestId: bigint) => Outgoing): Promise<Incoming> {
    if (!this.stream || !this.isAttached) throw new ControllerUnreachable('no controller is attached', false);
    return this.stream.request(make);
  }

  /** Waits a moment for a stream that is being made. Rejects with {@link ControllerUnreachable}. */
  private async attached(): Promise<void> {
    if (!this.isAttached && !this.closing.signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          cancel();
          this.attachWaiters.delete(done);
          resolve();
        };
        const cancel = this.options.clock.after(REATTACH_WAIT_MS, done);
        this.attachWaiters.add(done);
      });
    }
    if (!this.isAttached) throw new ControllerUnreachable('no controller is attached', false);
  }

  private async run(): Promise<void> {
    const { random = randomInt } = this.options;
    let retryMs = FIRST_RETRY_MS;
    for (let i = 0; !this.closing.signal.aborted; i++) {
      const upstream = this.options.upstreams[i % this.options.upstreams.length]!;
      const error = await this.serve(upstream).catch((reason: unknown) => reason as Error & { code?: number });
      if (this.closing.signal.aborted) return;
      if (this.wasAttached) retryMs = FIRST_RETRY_MS;
      this.wasAttached = false;
      // Nobody could tell this worker of a cancellation any more.
      if (isDenial(error)) this.options.registry.revokeAll({ closedBy: 'controller', cause: 'canceled' });
      const isFinal = error instanceof EnrollmentRefused || isDenial(error);
      if (isFinal) {
        this.rejectFirst(error);
        retryMs = MAX_RETRY_MS;
      }
      const level = isFinal ? 'error' : error instanceof NotRegistered && i > 0 ? 'debug' : 'warn';
      this.options.log[level]({ err: error, upstream }, 'no control stream');
      if (error instanceof EnrollmentRefused && !this.hasEverAttached) return;
      await this.pause(retryMs / 2 + random(Math.ceil(retryMs / 2)));
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    }
  }

  /** One stream from its beginning to its end; answers or rejects with what ended it. */
  private async serve(upstream: Upstream): Promise<Error & { code?: number }> {
    const identity = await this.ensureIdentity(upstream);
    if (this.closing.signal.aborted) return new Error('closed');
    const { connect = connectAsMember } = this.options;
    const client = connect(upstream, identity);
    return new Promise((resolve) => {
      this.stream = new ControlStream(client, this.hello(), this.options.clock, {
        welcome: (welcome) => this.welcome(welcome, upstream),
        message: (message) => this.receive(message),
        ended: (error) => {
          this.stream = undefined;
          if (this.wasAttached) this.options.registry.controllerLost();
          this.options.attachedChanged?.(false);
          resolve(error);
        },
      });
    });
  }

  /**
   * The identity to use: enrolls when there is none, when it has expired, or when a new token was
   * configured.
   */
  private async ensureIdentity(upstream: Upstream): Promise<WorkerIdentity> {
    const { activationToken, storagePath, clock, log } = this.options;
    // The later process renews the certificate of both.
    if (this.isHandedOver) this.identity = loadIdentity(storagePath) ?? this.identity;
    const known = this.identity;
    const isValid = known !== undefined && validity(known).to > clock.now().getTime();
    const isNewToken =
      !this.isHandedOver && activationToken !== undefined && known?.tokenHash !== hashToken(activationToken);
    if (isValid && !isNewToken) return known;
    if (!isNewToken && known) {
      throw new EnrollmentRefused(
        'the certificate of the worker has expired: create the worker anew and configure its activation token',
      );
    }
    try {
      this.identity =
        activationToken === undefined
          ? await collectIdentity(upstream, this.registration!)
          : await enroll(upstream, activationToken);
    } catch (error) {
      if (!isValid || !(error instanceof EnrollmentRefused)) throw error;
      log.warn({ err: error }, 'the new activation token is not usable; going on with the certificate at hand');
      return known;
    }
    saveIdentity(storagePath, this.identity);
    closeRegistration(storagePath);
    this.registration = undefined;
    log.info({ worker_id: this.identity.workerId }, 'enrolled');
    return this.identity;
  }

  private hello(): Hello {
    const { options } = this;
    const inventory = new InventoryReport(options.registry.all(), (message) => this.stream?.send(message));
    this.inventory = inventory;
    return {
      protocol_version: CONTROL_PROTOCOL_VERSION,
      release_version: options.releaseVersion,
      boot_id: this.bootId,
      address: options.address(),
      config_tags: Object.fromEntries(Object.entries(options.tags).map(([key, values]) => [key, { values }])),
      description: options.description,
      draining: options.isDraining(),
      sessions: inventory.first,
      more_inventory: inventory.hasMore,
      pieces: true,
      acknowledged_sequence: this.spool.acknowledged,
      draining_boot_ids: this.drainingBootIds,
      handed_over: this.isHandedOver,
      goes_on: this.goesOn,
    };
  }

  private welcome(welcome: Welcome, upstream: Upstream): void {
    const { registry, log } = this.options;
    this.wasAttached = true;
    this.hasEverAttached = true;
    this.goesOn = false;
    registry.controllerBack();
    for (const grant of welcome.grants) this.takeGrant(grant);
    this.cut(welcome);
    this.reports.begin();
    if (welcome.pieces) this.inventory?.goOn();
    else this.inventory?.sendAsStats();
    log.info({ worker_id: welcome.worker_id, controller_id: welcome.controller_id, upstream }, 'attached');
    this.scheduleRenewal();
    this.resolveFirst();
    this.options.attachedChanged?.(true);
    for (const waiter of [...this.attachWaiters]) waiter();
  }

  /** What the controller knows to be over. */
  private cut({ cancel_sessions, unknown_connection_ids }: Reconciled): void {
    const { registry } = this.options;
    for (const cancel of cancel_sessions) registry.end(cancel.session_id, sessionEndOf(cancel));
    for (const connection of registry.findConnections(unknown_connection_ids)) {
      connection.cut({ closedBy: 'controller', cause: 'worker lost' });
    }
  }

  private receive(message: Incoming): void {
    switch (message.$case) {
      case 'session_grant':
        return this.takeGrant(message.value);
      case 'grants':
        for (const grant of message.value.grants) this.takeGrant(grant);
        return;
      case 'reconciled':
        this.cut(message.value);
        return this.inventory?.goOn();
      case 'cancel_sessions':
        return this.cut({ cancel_sessions: message.value.sessions, unknown_connection_ids: [] });
      case 'cancel_session':
        return this.options.registry.end(message.value.session_id, sessionEndOf(message.value));
      case 'connection_closed_ack':
        this.spool.acknowledge(message.value.sequence);
        return this.reports.goOn();
      default:
        // Of a later release.
        return;
    }
  }

  private takeGrant(message: SessionGrant): void {
    const grant = egressGrantOf(message);
    if (grant) this.options.registry.put(grant);
    else this.options.log.warn({ session_id: message.session_id }, 'this release cannot serve the grant');
  }

  /**
   * Tells of counts that have changed: every second, and when data processes have told of theirs.
   */
  reportStats(): void {
    // What is left out now, the next report brings.
    if (!this.isAttached || this.stream?.isBlocked === true) return;
    for (const stats of this.stats.changed()) this.stream?.send({ $case: 'connection_stats', value: { stats } });
  }

  private scheduleRenewal(): void {
    this.cancelRenewal();
    if (!this.identity || this.isHandedOver) return;
    const delay = renewalDelay(validity(this.identity), this.options.clock.now().getTime());
    this.cancelRenewal = this.options.clock.after(delay, () => this.renew());
  }

  /** Gets a new certificate for the streams to come; the present one goes on. */
  private renew(): void {
    this.cancelRenewal();
    const { stream, identity } = this;
    const { clock, log, storagePath } = this.options;
    // The next Welcome schedules it again.
    if (!stream?.isAttached || !identity || this.isHandedOver) return;
    const delay = renewalDelay(validity(identity), clock.now().getTime());
    if (delay > 0) return this.scheduleRenewal();
    renewIdentity(stream, identity)
      .then((renewed) => {
        saveIdentity(storagePath, renewed);
        this.identity = renewed;
        log.info({ not_after: new Date(validity(renewed).to) }, 'certificate renewed');
        this.scheduleRenewal();
      })
      .catch((error: unknown) => {
        log.warn({ err: error }, 'the certificate could not be renewed');
        this.cancelRenewal = clock.after(RENEWAL_RETRY_MS, () => this.renew());
      });
  }

  private async pause(ms: number): Promise<void> {
    const { signal } = this.closing;
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.options.clock.after(ms, done);
      signal.addEventListener('abort', done);
    });
  }
}

const connectAsMember = (upstream: Upstream, identity: WorkerIdentity): AttachClient =>
  openClient(upstream, memberCredentials(identity));

const isDenial = (error: { code?: number }): boolean =>
  error.code === status.PERMISSION_DENIED || error.code === status.UNAUTHENTICATED;
