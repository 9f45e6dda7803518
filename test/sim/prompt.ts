/**
 * What workers have to do by themselves, and in time: end what has ended, and stop without
 * controllers.
 */
import { CUT_LINGER_MS } from '../../lib/transport/transport';
import type { WorkerSession } from '../../services/worker/sessions/registry';
import { TIMER_MS } from './refusals';
import type { ModelSession, Truth } from './truth';
import type { SimWorker } from './worker';

/**
 * From the end of a session to its worker's knowledge of it: the periodic pass, and slow statements
 * and networks.
 */
const HEAR_MS = 7_000;
/**
 * From the end of a connection to a free slot, while the stream stands: a repeated write, and slow
 * networks.
 */
const FREE_MS = 6_000;
/** What cutting may take after it is due: the dial that is given up, and the last frames. */
const CUT_MS = CUT_LINGER_MS + 1_500;

export class Promptness {
  /** Since when a worker's stream carries messages. */
  private readonly steadySince = new WeakMap<SimWorker, number>();
  /** Since when a worker that was attached has no stream. */
  private readonly lostSince = new WeakMap<SimWorker, number>();
  private readonly wasAttached = new WeakSet<SimWorker>();

  constructor(private readonly truth: Truth) {}

  /**
   * Looks at a worker after an event; since `healthySince`, database and controllers were
   * undisturbed.
   */
  look(worker: SimWorker, healthySince: number): void {
    const { now } = worker.process.scheduler;
    this.follow(worker, now);
    const steady = Math.max(this.steadySince.get(worker) ?? Infinity, healthySince);
    if (now > steady + FREE_MS) this.checkSlots(worker, now);
    const lost = Math.max(this.lostSince.get(worker) ?? Infinity, worker.process.stoppedUntil);
    for (const session of worker.registry.all()) {
      this.checkAlone(worker, session, now);
      const model = this.truth.sessions.get(session.id);
      if (model === undefined || ![...session.connections.values()].some((one) => one.isAuthorized)) continue;
      const grace = model.target.graceSeconds;
      if (grace !== undefined && now > lost + grace * 1_000 + CUT_MS) {
        this.truth.broken(`${session.id} goes on at ${worker.process.name} without a controller for ${grace} s`);
      }
      if (session.ended === undefined && now > Math.max(steady, this.endOf(model)) + HEAR_MS) {
        this.truth.broken(`${worker.process.name} has not heard that ${session.id} has ended`);
      }
    }
  }

  /**
   * What a worker must not serve whatever it hears: what has expired, and anything once it was
   * denied.
   */
  private checkAlone({ process, link }: SimWorker, session: WorkerSession, now: number): void {
    if (session.ended !== undefined || now <= process.stoppedUntil + TIMER_MS) return;
    if (process.clock.now().getTime() > session.expiresAt + TIMER_MS) {
      this.truth.broken(`${session.id} goes on at ${process.name} after its time`);
    }
    if (now > (link?.deniedAt ?? Infinity) + TIMER_MS) {
      this.truth.broken(`${session.id} goes on at ${process.name}, which was denied`);
    }
  }

  /** A slot is not left for the end of the session, nor for the next stream. */
  private checkSlots(worker: SimWorker, now: number): void {
    for (const row of this.truth.connectionRows.values()) {
      if (row.closed_time !== null) continue;
      const connection = this.truth.connections.get(row.id);
      if (connection?.worker !== worker || connection.isForgotten || now <= connection.overAt + FREE_MS) continue;
      this.truth.broken(`${row.id} still holds a slot, it was over at ${connection.overAt.toFixed(0)} ms`);
    }
  }

  private endOf(model: ModelSession): number {
    return Math.min(model.endedAt ?? Infinity, model.expiresAt);
  }

  private follow(worker: SimWorker, now: number): void {
    const { control, link, process } = worker;
    const isSteady = control.isAttached && link?.isOpen === true && !link.isSilent && process.stoppedUntil <= now;
    if (!isSteady) this.steadySince.delete(worker);
    else if (!this.steadySince.has(worker)) this.steadySince.set(worker, now);
    if (!control.isAttached) worker.attachedSince = Infinity;
    else if (worker.attachedSince === Infinity) worker.attachedSince = now;
    if (control.isAttached) this.wasAttached.add(worker);
    if (control.isAttached || !this.wasAttached.has(worker)) this.lostSince.delete(worker);
    else if (!this.lostSince.has(worker)) this.lostSince.set(worker, now);
  }
}
