/**
 * A simulated controller process: the real lease, streams, pushes and periodic tasks over the
 * simulated database.
 */
import { Registry } from 'prom-client';
import type { Logger } from '../../lib/log/log';
import { sql, transaction, type Db, type Tx } from '../../services/controller/db/db';
import { createAuthz } from '../../services/controller/authz/authorizer';
import type { Allowed, Authz } from '../../services/controller/authz/authz';
import { CONTROLLER_DEFAULTS } from '../../services/controller/config';
import { startControl, type Control } from '../../services/controller/control/control';
import { egressGrant } from '../../services/controller/control/grants';
import { createKms, type Kms } from '../../services/controller/kms/kms';
import { mayStillOpen } from '../../services/controller/sessions/access-review';
import { closeLost } from '../../services/controller/sessions/connections.store';
import { SessionPlaces } from '../../services/controller/sessions/session-places';
import { insertSession } from '../../services/controller/sessions/new-session.store';
import { cancelSession } from '../../services/controller/sessions/sessions.store';
import { deleteWorker, retireWorker } from '../../services/controller/workers/workers.store';
import { startSessionPushes, type SessionPushes } from '../../services/controller/tasks/push-sessions';
import { sessionTasks } from '../../services/controller/tasks/session-tasks';
import { startTasks, type RunningTasks } from '../../services/controller/tasks/tasks';
import { proofOf } from '../harness/proofs';
import type { ServerCall } from './control-network';
import type { SimDatabase } from './database';
import { ORG, PROJECT, tokenIdOf, userIdOf, type Fixture, type SimIdentity, type SimTarget } from './fixture';
import type { Process } from './process';

const KEY_BYTES = 64;
const ENDPOINT = 'tcp://10.1.1.1:5432';
const ADMIN = 'u_admin';
/** How long the deletion of a worker waits for its last reports. */
const LAST_REPORTS_MS = 2_000;
const certificateOf = (id: string): Buffer => Buffer.from(id);
const DAY_MS = 86_400_000;
/** Tasks of other parts of the product. */
const FOREIGN_TASKS = ['destroy keys', 'purge'];
/** The cluster port needs none here. */
const NO_TLS = { cert: Buffer.alloc(0), key: Buffer.alloc(0), ca: [] };

export interface NewSession {
  id: string;
  target: SimTarget;
  /** Number of its token and user. */
  user: number;
  hostSetId: string | null;
  workerIds: string[];
  lifeMs: number;
}

export class SimController {
  /** Virtual time of the moment from which it serves; undefined before. */
  servesSince: number | undefined;
  private control: Control | undefined;
  private pushes: SessionPushes | undefined;
  private tasks: RunningTasks | undefined;
  private readonly db: Db;
  private readonly kms: Kms;
  private readonly authz: Authz;
  private readonly places = new SessionPlaces(CONTROLLER_DEFAULTS.limits);
  private readonly identities = new WeakMap<object, SimIdentity>();

  constructor(
    readonly process: Process,
    private readonly fixture: Fixture,
    database: SimDatabase,
    private readonly log: Logger,
  ) {
    this.db = database.door(process);
    this.kms = createKms({ rootKey: fixture.rootKey });
    const { db, kms } = this;
    this.authz = createAuthz({ config: CONTROLLER_DEFAULTS, db, kms, audit: () => undefined });
  }

  /** Rejects when the database is away; such a process ends. */
  async start(): Promise<void> {
    const { db, kms, authz, log, process } = this;
    const { clock } = process;
    const { authority, tofuHmac } = this.fixture;
    const random = process.random.below;
    const control = await startControl({
      ...{ name: process.name, db, kms, clock, log, authority, tofuHmac, random },
      identityOf: (call) => this.identities.get(call),
      issueIdentity: () => Promise.resolve(NO_TLS),
    });
    this.control = control;
    this.pushes = await startSessionPushes({ db, kms, authz, clock, log, control, registry: new Registry() });
    const tasks = sessionTasks({ db, kms, pushes: this.pushes, control, authTokenTimeToStaleMs: DAY_MS });
    this.tasks = startTasks(
      { clock, log, random },
      tasks.filter(({ name }) => !FOREIGN_TASKS.includes(name)),
    );
    this.servesSince = process.scheduler.now;
  }

  /** Its orderly end. */
  async close(): Promise<void> {
    this.servesSince = undefined;
    await this.tasks?.close();
    await this.pushes?.close();
    await this.control?.close();
  }

  /** A stream of a worker arrives. */
  attach(call: ServerCall, workerId: string): void {
    this.identities.set(call, this.fixture.identities.get(workerId)!);
    this.control!.service.attach(call as never);
  }

  /** What authorize-session does: ask for the right, store the session, hand out its grant. */
  async authorizeSession(session: NewSession): Promise<boolean> {
    const { id, target, user, workerIds, lifeMs } = session;
    const userId = userIdOf(user);
    const place = { scopeId: PROJECT, parentScopeId: ORG };
    const allowed = proofOf('target', 'authorize-session', target.id, {
      ...place,
      actor: { userId, authTokenId: tokenIdOf(user) },
    });
    const [may] = await this.authz.mayAny([{ userId, resource: allowed.resource }], ['authorize-session']);
    if (may !== true) return false;
    const now = this.process.clock.now();
    const expiration = new Date(now.getTime() + lifeMs);
    const privateKey = Buffer.alloc(KEY_BYTES, id);
    if (!(await this.insert(allowed, session, { now, expiration, privateKey }))) return false;
    if (!(await mayStillOpen({ db: this.db, authz: this.authz }, allowed, { sessionId: id, now }))) return false;
    const grant = {
      ...{ id, endpoint: ENDPOINT, certificate: certificateOf(id), connection_limit: target.limit },
      ...{ expiration_time: expiration, offline_grace_seconds: target.graceSeconds ?? null },
    };
    this.control?.pushGrant(workerIds, egressGrant(grant, privateKey, now));
    return true;
  }

  private async insert(
    allowed: Allowed<'target', 'authorize-session'>,
    { id, hostSetId, workerIds }: NewSession,
    { now, expiration, privateKey }: { now: Date; expiration: Date; privateKey: Buffer },
  ): Promise<boolean> {
    const { db, kms } = this;
    const sealed = await kms.encrypt(db.executor, PROJECT, 'sessions', privateKey, {
      column: 'sessions.private_key',
      row: id,
    });
    const session = {
      ...{ id, targetVersion: 1, workerIds },
      ...{ hostId: null, hostSetId, endpoint: ENDPOINT, certificate: certificateOf(id) },
      ...{ privateKey: sealed.ciphertext, keyId: sealed.keyId, correlationId: 'c', now, expiration },
    };
    return (await insertSession(db.executor, allowed, session, this.places)).outcome === 'made';
  }

  /** False when somebody else was first. */
  async cancelSession(id: string): Promise<boolean> {
    const allowed = proofOf('session', 'cancel', id, { scopeId: PROJECT, actor: { userId: ADMIN } });
    return this.change((tx, now) => cancelSession(tx, allowed, { version: 1, now }));
  }

  /**
   * As the API does: the worker may cut and report first, what it leaves open is given up with it.
   */
  async deleteWorker(id: string): Promise<void> {
    const allowed = proofOf('worker', 'delete', id);
    if (await retireWorker(this.db.executor, allowed)) {
      await new Promise<void>((resolve) => this.process.clock.after(LAST_REPORTS_MS, resolve));
    }
    await this.change(async (tx, now) => {
      await closeLost(tx, sql`c.worker_id = ${id}`, now);
      await deleteWorker(tx, allowed);
    });
  }

  /** Any other change of the API. */
  async change<T>(work: (tx: Tx, now: Date) => Promise<T>): Promise<T> {
    const now = this.process.clock.now();
    return transaction(this.db, now, (tx) => work(tx, now));
  }
}
