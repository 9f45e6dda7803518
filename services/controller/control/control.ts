/**
 * The controller's side of the cluster port: enrollment, and the standing streams of the workers
 * attached here. Which controller holds which worker is on record; a lease row per controller shows
 * that it lives.
 */
import { status, type handleUnaryCall, type ServiceError } from '@grpc/grpc-js';
import { ApiError } from '../../../lib/errors/errors';
import { newId } from '../../../lib/ids/ids';
import { limit } from '../../../lib/limits/limit';
import type { CancelSession, EnrollRequest, EnrollResponse, SessionGrant } from '../../../proto/gen/worker/control';
import type { ControlServiceServer } from '../../../proto/gen/worker/control_service';
import { CONTROLLER_LIMITS } from '../limits';
import { identityOf } from '../listeners/cluster-listener';
import { CERTIFICATE_LIFETIME_MS, issueServerIdentity, loadAuthority, type ServerIdentity } from '../workers/authority';
import { enroll } from '../workers/enrollment';
import { Attachment } from './attachment';
import type { ControlDeps, ControlOptions } from './control-deps';
import type { Held } from './control.store';
import { Lease } from './lease';
import { createRequestQueue } from './request-queue';

export const MAX_PUSHED = limit('sessions just handed out', 1_000, {
  what: 'sessions whose grant a controller has just pushed, remembered until the notification of them comes',
  unit: 'sessions',
  reached: 'all are forgotten, which costs a second, harmless push of each',
  test: 'services/controller/control/queue.test.ts: what is remembered of pushed grants is bounded',
});
const TAKEN_OVER = 'a newer stream of this worker took over';

export interface Control {
  /** `ctl_` and 10 characters, new at every start. */
  readonly controllerId: string;
  /** For the cluster listener. */
  readonly service: ControlServiceServer;
  /** For the cluster listener: a new object after each renewal. */
  secureContext(): ServerIdentity;
  /**
   * Makes sure, after an outage, that this controller and the streams it holds are on record; costs
   * nothing otherwise.
   */
  ensureLease(): Promise<void>;
  /**
   * Leases that end before this time have expired. Undefined while this controller cannot tell:
   * then all controllers on record count as alive.
   */
  leasesExpiredBefore(): Date | undefined;
  /** Ids of the workers attached here. */
  attachedWorkers(): string[];
  /** Tells a worker attached here of ended sessions; nothing happens when it is not. */
  cancel(workerId: string, sessions: readonly CancelSession[]): void;
  /** Hands a new session to those of its workers that are attached here. */
  pushGrant(workerIds: string[], grant: SessionGrant): void;
  /** Whether {@link pushGrant} has just sent the grant of the session; true once per push. */
  wasPushed(sessionId: string): boolean;
  /** Ends the stream of a worker that was deleted. */
  cutOff(workerId: string): void;
  /**
   * Takes over the authorities on record when they were replaced, and ends the streams that the old
   * ones vouch for.
   */
  reloadAuthority(): Promise<void>;
  /** Ends all streams and gives the lease back. */
  close(): Promise<void>;
}

/** Starts the lease and answers what the cluster listener serves. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const { limits = CONTROLLER_LIMITS.defaults() } = options;
  const deps: ControlDeps = {
    ...options,
    controllerId: newId('ctl', options.random),
    queueBytes: () => limits.cluster_queue_bytes,
    requestQueue: createRequestQueue(),
  };
  const issueIdentity = options.issueIdentity ?? issueServerIdentity;
  const streams = new Streams(deps);
  const lease = await Lease.start({
    ...{ on: deps.db.executor, clock: deps.clock, log: deps.log, name: deps.name, controllerId: deps.controllerId },
    measure: deps.measure ?? (async (ask) => ({ ...(await ask()), stepMs: 0 })),
    live: () => streams.liveIds(),
    recorded: () => streams.recorded(),
    lost: (ids) => streams.endOf(ids),
  });
  let identity = await issueIdentity(deps.authority, deps.clock.now());
  const stopRenewal = deps.clock.every(CERTIFICATE_LIFETIME_MS / 2, () => {
    issueIdentity(deps.authority, deps.clock.now()).then(
      (renewed) => (identity = renewed),
      (error: unknown) => deps.log.error({ err: error }, 'the certificate of the cluster port could not be renewed'),
    );
  });
  return {
    controllerId: deps.controllerId,
    service: { enroll: enrollHandler(deps), attach: (call) => streams.open(call) },
    secureContext: () => identity,
    ensureLease: () => lease.ensure(),
    leasesExpiredBefore: () => lease.expiredBefore(),
    attachedWorkers: () => streams.workers(),
    cancel: (workerId, sessions) => streams.of(workerId).forEach((stream) => stream.cancel(sessions)),
    pushGrant: (workerIds, grant) => streams.pushGrant(workerIds, grant),
    wasPushed: (sessionId) => streams.wasPushed(sessionId),
    cutOff: (workerId) =>
      streams.of(workerId).forEach((stream) => stream.end(status.PERMISSION_DENIED, 'this worker was deleted')),
    async reloadAuthority() {
      const stored = await loadAuthority(deps.db.executor, deps.kms);
      if (stored.current.certificate.equals(deps.authority.current.certificate)) return;
      // The services share this object.
      Object.assign(deps.authority, stored);
      identity = await issueIdentity(deps.authority, deps.clock.now());
      streams.endAll(status.UNAUTHENTICATED, 'the certificate authority was replaced: enroll this worker again');
    },
    async close() {
      stopRenewal();
      await lease.stop();
      await streams.close();
      await lease.giveBack();
    },
  };
}

/** The streams held here: all of them, and by worker those that have said Hello. */
class Streams {
  private readonly all = new Set<Attachment>();
  /** The stream of the present process of each worker. */
  private readonly byWorker = new Map<string, Attachment>();
  /** Those of earlier processes, which drain. */
  private readonly leaving = new Set<Attachment>();
  private readonly pushed = new Set<string>();
  private closed = false;

  constructor(private readonly deps: ControlDeps) {}

  open(call: Parameters<ControlServiceServer['attach']>[0]): void {
    const identity = (this.deps.identityOf ?? identityOf)(call);
    if (identity === undefined || identity.deploymentId !== this.deps.authority.deploymentId) {
      call.emit('error', {
        code: status.UNAUTHENTICATED,
        details: 'a worker certificate of this deployment is needed',
      });
      return;
    }
    if (this.closed) {
      call.emit('error', { code: status.UNAVAILABLE, details: 'the controller shuts down' });
      return;
    }
    const stream = new Attachment(this.deps, call, identity, {
      attached: (attachment) => this.attached(attachment),
      handedOver: (attachment) => this.leave(attachment),
      ended: (attachment) => this.ended(attachment),
    });
    this.all.add(stream);
    void stream.done.then(() => this.all.delete(stream));
  }

  /** The streams of the worker's present process and of earlier ones that drain. */
  of(workerId: string): Attachment[] {
    const present = this.byWorker.get(workerId);
    const leaving = [...this.leaving].filter((attachment) => attachment.workerId === workerId);
    return present === undefined ? leaving : [present, ...leaving];
  }

  workers(): string[] {
    return [...new Set([...this.byWorker.keys(), ...[...this.leaving].map((attachment) => attachment.workerId)])];
  }

  /** Ids of the attachments that are alive, for the record. */
  liveIds(): string[] {
    return [...this.byWorker.values()].map((attachment) => attachment.id);
  }

  /** What is to be on record of them. */
  recorded(): Held[] {
    const own = [...this.byWorker.values()].filter((attachment) => !attachment.isHandedOver);
    return own.map((attachment) => attachment.record).filter((record) => record !== undefined);
  }

  /** Ends streams whose place on record another stream has taken. */
  endOf(attachmentIds: string[]): void {
    const ended = new Set(attachmentIds);
    for (const stream of [...this.all]) if (ended.has(stream.id)) stream.end(status.ABORTED, TAKEN_OVER);
  }

  pushGrant(workerIds: string[], grant: SessionGrant): void {
    if (this.pushed.size >= MAX_PUSHED) this.pushed.clear();
    this.pushed.add(grant.session_id);
    for (const id of workerIds) this.byWorker.get(id)?.push({ $case: 'session_grant', value: grant });
  }

  wasPushed(sessionId: string): boolean {
    return this.pushed.delete(sessionId);
  }

  endAll(code: status, details: string): void {
    for (const stream of [...this.all]) stream.end(code, details);
  }

  async close(): Promise<void> {
    this.closed = true;
    const open = [...this.all];
    this.endAll(status.UNAVAILABLE, 'the controller shuts down');
    await Promise.all(open.map((stream) => stream.done));
  }

  private attached(attachment: Attachment): void {
    const { workerId, bootId, drainingBootIds } = attachment;
    const others = this.of(workerId);
    // The later process took over while this Hello was under way.
    if (!attachment.goesOn && others.some((other) => other.drainingBootIds.includes(bootId))) {
      attachment.isHandedOver = true;
    }
    const { isHandedOver } = attachment;
    if (isHandedOver) this.leaving.add(attachment);
    else this.byWorker.set(workerId, attachment);
    for (const other of others) {
      const lives = isHandedOver ? other.bootId !== bootId : drainingBootIds.includes(other.bootId);
      if (!lives) other.end(status.ABORTED, TAKEN_OVER);
      else if (!isHandedOver) this.leave(other);
    }
  }

  /** A later process has taken over, here or at another controller. */
  private leave(attachment: Attachment): void {
    attachment.isHandedOver = true;
    attachment.record = undefined;
    if (this.byWorker.get(attachment.workerId) === attachment) this.byWorker.delete(attachment.workerId);
    this.leaving.add(attachment);
  }

  private ended(attachment: Attachment): void {
    this.leaving.delete(attachment);
    if (this.byWorker.get(attachment.workerId) === attachment) this.byWorker.delete(attachment.workerId);
  }
}

function enrollHandler(deps: ControlDeps): handleUnaryCall<EnrollRequest, EnrollResponse> {
  return (call, answer) => {
    enroll(deps, call.request, deps.clock.now()).then(
      ({ workerId, certificate, proof = Buffer.alloc(0) }) => {
        deps.log.info({ worker_id: workerId }, 'a worker enrolled');
        const ca_certificates = deps.authority.certificates;
        answer(null, { worker_id: workerId, certificate, ca_certificates, registration_proof: proof });
      },
      (error: unknown) => answer(enrollError(deps, error)),
    );
  };
}

function enrollError(deps: ControlDeps, error: unknown): Partial<ServiceError> {
  if (error instanceof ApiError) return { code: error.grpcStatus, details: error.message };
  deps.log.error({ err: error }, 'an enrollment failed');
  return { code: status.UNAVAILABLE, details: 'the controller cannot enroll the worker now: try again' };
}
