/**
 * One simulated world: controllers, workers and clients that live through faults chosen by a seed,
 * then a time without faults in which everything must come to rest.
 */
import type { Logger } from '../../lib/log/log';
import { newId, randomBase62 } from '../../lib/ids/ids';
import { Changes } from './changes';
import { SimClient } from './client';
import { SimController, type NewSession } from './controller';
import { Link, type Weather } from './control-network';
import { SimDatabase } from './database';
import { Faults } from './faults';
import type { EndpointAnswer } from './endpoint';
import { KEPT_TARGET, KEPT_USER, HOST_SETS, MAX_WORKERS, TARGETS, TOKENS, workerIdOf, type Fixture } from './fixture';
import { BEGIN, Process } from './process';
import { Promptness } from './prompt';
import { Random } from './random';
import { Repeats } from './repeats';
import { checkEnd, checkSlots } from './rest';
import { Scheduler } from './scheduler';
import { isLive, Truth, type ModelSession } from './truth';
import { SimWorker } from './worker';

/**
 * Clocks of controllers are kept together by NTP; those of workers and clients may be off by
 * minutes.
 */
const CONTROLLER_SKEW_MS = 250;
const OTHER_SKEW_MS = 600_000;
/**
 * After the faults: dead streams are found, leases run out, workers return, and lost connections
 * are given up.
 */
const RECOVERY_MS = 32_000;
/**
 * From cancel or expiry to `terminated`: 10 s, and what slow statements and the clocks' difference
 * may add.
 */
const BOUND_MS = 10_000 + 1_500 + 2 * CONTROLLER_SKEW_MS;
/**
 * From the loss of a right to the end of what stood on it: the periodic review, and slow
 * statements.
 */
const REVIEW_MS = 6_000;
const RESTART_MS = 1_000;
/** What a deleted parent, or the same thing made at the same time, leads to. */
const EXPECTED_ERRORS = new Set(['23503', '23505']);
const DAY_MS = 86_400_000;
/** A new session has to carry a connection within this time, once nothing is wrong any more. */
const PROBE_MS = 4_000;
const PROBE_PAUSE_MS = 1_000;

export interface Outcome {
  seed: number;
  digest: string;
  events: number;
  virtualMs: number;
  connections: number;
  violations: string[];
  trace: string[];
}

export class World {
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly truth: Truth;
  private readonly promptness: Promptness;
  readonly database: SimDatabase;
  readonly weather: Weather;
  readonly controllers: (SimController | undefined)[];
  readonly workers: (SimWorker | undefined)[];
  /** Controllers that may not be started again yet, by number; the same for workers. */
  readonly down = { controllers: new Set<number>(), workers: new Set<number>() };
  readonly links = new Set<Link>();
  readonly killedAt = new Map<SimWorker, number>();
  /** Workers that an administrator wanted to delete, and those of them that certainly are. */
  readonly deletedWorkers = new Set<string>();
  readonly goneWorkers = new Set<string>();
  /** Since then the database answers and no controller was disturbed. */
  healthySince = 0;
  isCalm = false;
  private readonly changes = new Changes(this);
  private generation = 0;
  private readonly log: Logger;

  constructor(
    readonly seed: number,
    private readonly fixture: Fixture,
    /** Leaves out none, see repeats.ts. */
    everyStatement = false,
  ) {
    this.random = new Random(seed);
    this.truth = new Truth(this.scheduler, 2 * CONTROLLER_SKEW_MS);
    this.promptness = new Promptness(this.truth);
    const times = [BEGIN, BEGIN + DAY_MS];
    const repeats = everyStatement ? undefined : new Repeats(fixture.connection.tables, times);
    this.database = new SimDatabase(fixture.connection, repeats);
    this.database.onNotice = (notice) => this.truth.took(notice);
    this.database.onError = (error, text) => this.statementFailed(error, text);
    this.database.onCommit = () => this.truth.committed();
    this.weather = { latencyMs: this.random.between(0.2, 20), repeats: this.random.chance(0.5) ? 0.15 : 0 };
    this.controllers = Array.from({ length: 1 + this.random.below(2) }, () => undefined);
    this.workers = Array.from({ length: 1 + this.random.below(MAX_WORKERS) }, () => undefined);
    this.log = traceLog(this.scheduler);
    this.scheduler.afterEach = () => this.look();
  }

  /** Lives it to its end. */
  async live(): Promise<Outcome> {
    try {
      await this.play();
    } catch (error) {
      if (!(error instanceof RuleBroken)) this.truth.broken(`the world fails: ${(error as Error).stack}`);
    }
    const { scheduler, truth } = this;
    return {
      seed: this.seed,
      events: scheduler.events,
      virtualMs: Math.round(scheduler.now),
      connections: truth.connections.size,
      violations: truth.violations,
      trace: scheduler.trace(),
      digest: scheduler.digest(),
    };
  }

  startController(n: number): void {
    if (this.controllers[n] !== undefined || this.down.controllers.has(n)) return;
    const process = this.newProcess(`controller ${n}`, CONTROLLER_SKEW_MS);
    const controller = new SimController(process, this.fixture, this.database, this.log);
    this.controllers[n] = controller;
    controller.start().catch((error: unknown) => {
      if (!process.isAlive) return;
      this.scheduler.note(`${process.name} cannot start: ${String(error)}`);
      this.killController(n);
      this.scheduler.at(RESTART_MS, '', () => this.startController(n));
    });
  }

  killController(n: number): void {
    const controller = this.controllers[n];
    if (controller === undefined) return;
    controller.process.kill();
    this.controllers[n] = undefined;
    const isQuick = this.random.chance(0.7);
    for (const link of this.links) {
      if (link.to === controller.process)
        link.break(isQuick ? this.random.between(0, 5) : this.random.between(0, 15_000), 0);
    }
  }

  startWorker(n: number): void {
    if (this.workers[n] !== undefined || this.down.workers.has(n)) return;
    const process = this.newProcess(`worker ${n}`, OTHER_SKEW_MS);
    this.workers[n] = new SimWorker(workerIdOf(n), process, {
      truth: this.truth,
      log: this.log,
      openLink: (worker, controller) => this.openLink(worker, controller),
      controllers: this.controllers.length,
      storageOf: (id) => this.fixture.storageOf(id),
      isDeleted: (id) => this.deletedWorkers.has(id),
    });
  }

  killWorker(n: number): void {
    const worker = this.workers[n];
    if (worker === undefined) return;
    this.workers[n] = undefined;
    this.killedAt.set(worker, this.scheduler.now);
    // Also when it was about to leave in order.
    this.down.workers.delete(n);
    worker.kill(this.random.chance(0.5));
  }

  liveWorkers(): SimWorker[] {
    return this.workers.filter((worker) => worker !== undefined);
  }

  /** A controller that serves. */
  anyController(): SimController | undefined {
    const serving = this.controllers.filter((controller) => controller?.servesSince !== undefined);
    return serving.length === 0 ? undefined : this.random.pick(serving);
  }

  /** Makes a session through the API, and clients for it. */
  async newSession(): Promise<void> {
    const controller = this.anyController();
    if (controller === undefined) return;
    const { random, scheduler } = this;
    const workerIds = this.workers.map((_, n) => workerIdOf(n)).filter(() => random.chance(0.8));
    const lifeMs = random.chance(0.5) ? random.between(2_000, 12_000) : random.between(12_000, 90_000);
    const [target, user] = [random.pick(TARGETS), random.below(TOKENS)];
    const hostSetId = random.chance(0.5) ? random.pick(HOST_SETS) : null;
    const session = this.modelSession({ target, user, hostSetId, workerIds, lifeMs: Math.round(lifeMs) });
    if (!(await controller.authorizeSession(session))) return;
    for (let i = 1 + random.below(6); i > 0; i--)
      scheduler.at(random.between(0, 6_000), '', () => void this.newClient(session));
  }

  private modelSession(asked: Omit<NewSession, 'id'>): ModelSession {
    const { random, scheduler } = this;
    const { target, user, workerIds, lifeMs } = asked;
    const session: ModelSession = {
      ...{ ...asked, id: newId('s', random.below), tofuToken: randomBase62(20, random.below) },
      expiresAt: Math.floor(scheduler.now) + lifeMs,
      ...{
        mayBeCanceled: false,
        mayBeCutOff: workerIds.some((id) => this.deletedWorkers.has(id)),
        mayBeRevoked: this.changes.mayHaveLostRights(user),
        revokedAt: Infinity,
      },
      ...{ cancellations: 0, endedAt: undefined, stood: 0, tokens: new Set(), full: { made: -1, open: -1 } },
    };
    this.truth.sessions.set(session.id, session);
    scheduler.note(`session ${session.id} of ${target.id} for ${lifeMs} ms on ${workerIds.join(' ')}`);
    return session;
  }

  newClient(session: ModelSession, endpoint?: EndpointAnswer): SimClient {
    const { random } = this;
    const process = this.newProcess('client', OTHER_SKEW_MS);
    const workers = session.workerIds.map((id) => this.liveWorkers().find((worker) => worker.workerId === id));
    const isThief = endpoint === undefined && random.chance(0.05);
    const tofuToken = isThief ? randomBase62(20, random.below) : session.tofuToken;
    // Its END ends the session, also when it is the first one with another token.
    if (workers.length > 0) session.mayBeCanceled = true;
    return new SimClient(process, { id: session.id, tofuToken }, workers, endpoint);
  }

  private async play(): Promise<void> {
    await this.fixture.reset();
    const { scheduler, random } = this;
    for (let n = 0; n < this.controllers.length; n++) this.startController(n);
    for (let n = 0; n < this.workers.length; n++) this.startWorker(n);
    const sessions = 2 + random.below(4);
    const busyMs = random.between(5_000, 15_000);
    for (let i = 0; i < sessions; i++) {
      scheduler.at(random.between(100, busyMs * 0.7), '', () => this.quietly(this.newSession()));
    }
    const faults = new Faults(this, busyMs, this.changes);
    await scheduler.run(busyMs);
    faults.end();
    this.isCalm = true;
    this.healthySince = Math.max(this.healthySince, scheduler.now);
    await scheduler.run(scheduler.now + RECOVERY_MS, () => this.isAtRest());
    if (!this.isAtRest()) checkSlots({ ...this, workers: this.liveWorkers() });
    await this.probe();
    const { sessions: all, sessionRows } = this.truth;
    const unborn = [...all.values()].filter(({ id }) => !sessionRows.has(id));
    this.cancelAll([...all.values()]);
    await scheduler.run(scheduler.now + BOUND_MS + 5_000, () => this.isAtRest());
    // Transactions that were still under way when all others were canceled.
    const late = unborn.filter(({ id }) => sessionRows.has(id));
    this.cancelAll(late);
    if (late.length > 0) await scheduler.run(scheduler.now + BOUND_MS + 5_000, () => this.isAtRest());
    // What is said last: acknowledgments, lingering sockets.
    await scheduler.run(scheduler.now + 8_000, () => this.isSilent());
    checkEnd({ ...this, workers: this.liveWorkers() });
    this.look();
  }

  /** After all faults a new session works, whatever happened before. */
  private async probe(): Promise<void> {
    const workers = this.liveWorkers().filter((worker) => !this.isDeleted(worker));
    if (workers.length === 0) return;
    const { scheduler, random } = this;
    const limit = Math.max(scheduler.now, this.healthySince + RECOVERY_MS) + PROBE_MS;
    const workerIds = [random.pick(workers).workerId];
    const session = this.modelSession({
      ...{ target: KEPT_TARGET, user: KEPT_USER, hostSetId: null, workerIds, lifeMs: RECOVERY_MS + 2 * PROBE_MS },
    });
    const clients: SimClient[] = [];
    const stands = (): boolean => clients.some((client) => client.hasStood);
    // As a person would: again, until the controllers and the worker are back.
    while (scheduler.now < limit && !stands()) {
      const controller = this.anyController();
      if (this.truth.sessionRows.has(session.id)) clients.push(this.newClient(session, 'accepts'));
      else if (controller !== undefined) this.quietly(controller.authorizeSession(session));
      await scheduler.run(scheduler.now + PROBE_PAUSE_MS, stands);
    }
    if (!stands()) this.truth.broken('a new session does not work after the faults');
  }

  /** An action of the API that may fail, as everything may in bad weather. */
  quietly(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.scheduler.note(`fails: ${String(error)}`));
  }

  private cancelAll(sessions: ModelSession[]): void {
    for (const session of sessions) {
      if (this.truth.sessionRows.get(session.id)?.status === 'terminated') continue;
      session.mayBeCanceled = true;
      this.quietly(this.anyController()?.cancelSession(session.id) ?? Promise.resolve());
    }
  }

  private isAtRest(): boolean {
    const isOver = [...this.truth.sessionRows.values()].every((row) => row.status === 'terminated');
    return isOver && this.isCalm && this.liveWorkers().every((worker) => worker.isQuiet || this.isDeleted(worker));
  }

  private isSilent(): boolean {
    return this.isAtRest() && this.liveWorkers().every((worker) => worker.sockets.size === 0);
  }

  private isDeleted(worker: SimWorker): boolean {
    return this.deletedWorkers.has(worker.workerId);
  }

  /** Statements of the product fail for what happens at the same time, never for what they say. */
  private statementFailed(error: { code?: string | undefined; message: string }, text: string): void {
    if (EXPECTED_ERRORS.has(error.code ?? '')) return;
    this.truth.broken(`PostgreSQL refuses a statement: ${error.code} ${error.message}: ${text.trim().slice(0, 200)}`);
  }

  private openLink(worker: SimWorker, n: number): Link {
    const listener = () => {
      const controller = this.controllers[n];
      return controller?.servesSince === undefined ? undefined : controller;
    };
    const link = new Link(worker.process, this.weather, listener, worker.workerId);
    for (const other of this.links) if (!other.isOpen) this.links.delete(other);
    this.links.add(link);
    return link;
  }

  private newProcess(name: string, skewMs: number): Process {
    const skew = Math.round(this.random.between(-skewMs, skewMs));
    return new Process(`${name}#${this.generation++}`, this.scheduler, this.random, skew);
  }

  /** After every event. */
  private look(): void {
    this.truth.watch(this.liveWorkers());
    const healthySince = this.database.isDisturbed ? Infinity : this.healthySince;
    for (const worker of this.liveWorkers()) this.promptness.look(worker, healthySince);
    this.checkBounds();
    if (this.truth.violations.length > 0) throw new RuleBroken();
  }

  /** Every session ends in time, counted from when somebody was there to end it. */
  private checkBounds(): void {
    const { now } = this.scheduler;
    const since = Math.min(...this.controllers.map((controller) => controller?.servesSince ?? Infinity));
    const able = Math.max(this.healthySince, since);
    if (now - able <= BOUND_MS || this.database.isDisturbed) return;
    for (const session of this.truth.sessions.values()) {
      const row = this.truth.sessionRows.get(session.id);
      if (row === undefined || row.status === 'terminated') continue;
      const revoked = Math.max(session.revokedAt, able) + REVIEW_MS;
      if (isLive(row.status) && now > revoked) this.truth.broken(`${session.id} lives on without the right to it`);
      const due = Math.max(Math.min(session.endedAt ?? Infinity, session.expiresAt), able) + BOUND_MS;
      if (now > due) this.truth.broken(`${session.id} is still ${row.status}, it had to end by ${due.toFixed(0)} ms`);
    }
  }
}

class RuleBroken extends Error {}

/** Log lines of the product go into the trace. */
function traceLog(scheduler: Scheduler): Logger {
  const line = (about: { err?: Error }, text?: string): void =>
    scheduler.note(`log: ${text ?? ''} ${about.err === undefined ? '' : about.err.message}`);
  return { trace: line, debug: line, info: line, warn: line, error: line, fatal: line } as unknown as Logger;
}
