/** A simulated controller process: the real lease, streams, pushes and periodic tasks over the simulated database. */
import { Registry } from 'prom-client';
import type { Logger } from '../../lib/log/log';
import { transaction, type Db, type Tx } from '../../services/controller/db/db';
import { createAuthz } from '../../services/controller/authz/authorizer';
import type { Allowed } from '../../services/controller/authz/authz';
import { CONTROLLER_DEFAULTS } from '../../services/controller/config';
import { startControl, type Control } from '../../services/controller/control/control';
import { egressGrant } from '../../services/controller/control/grants';
import { createKms, type Kms } from '../../services/controller/kms/kms';
import { cancelSession, insertSession } from '../../services/controller/sessions/sessions.store';
import { startSessionPushes, type SessionPushes } from '../../services/controller/tasks/push-sessions';
import { sessionTasks } from '../../services/controller/tasks/session-tasks';
import { startTasks, type RunningTasks } from '../../services/controller/tasks/tasks';
import type { ServerCall } from './control-network';
import type { SimDatabase } from './database';
import { PROJECT, type Fixture, type SimIdentity, type SimTarget } from './fixture';
import type { Process } from './process';

const KEY_BYTES = 64;
const DAY_MS = 86_400_000;
/** Tasks of other parts of the product. */
const FOREIGN_TASKS = ['destroy keys', 'purge'];
/** The cluster port needs none here. */
const NO_TLS = { cert: Buffer.alloc(0), key: Buffer.alloc(0), ca: [] };

export interface NewSession {
  id: string;
  target: SimTarget;
  tokenId: string;
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
  private readonly identities = new WeakMap<object, SimIdentity>();

  constructor(
    readonly process: Process,
    private readonly fixture: Fixture,
    database: SimDatabase,
    private readonly log: Logger,
  ) {
    this.db = database.door(process);
    this.kms = createKms({ rootKey: fixture.rootKey });
  }

  /** Rejects when the database is away; such a process ends. */
  async start(): Promise<void> {
    const { db, kms, log, process } = this;
    const { clock } = process;
    const { authority, tofuHmac } = this.fixture;
    const random = process.random.below;
    const control = await startControl({
      ...{ name: process.name, db, kms, clock, log, authority, tofuHmac, random },
      identityOf: (call) => this.identities.get(call),
      issueIdentity: () => Promise.resolve(NO_TLS),
    });
    this.control = control;
    const authz = createAuthz({ config: CONTROLLER_DEFAULTS, db, kms, audit: () => undefined });
    this.pushes = await startSessionPushes({ db, kms, authz, clock, log, control, registry: new Registry() });
    const tasks = sessionTasks({ db, kms, pushes: this.pushes, authTokenTimeToStaleMs: DAY_MS });
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

  /** What authorize-session does once it has decided: store the session, hand out its grant. */
  async authorizeSession({ id, target, tokenId, workerIds, lifeMs }: NewSession): Promise<boolean> {
    const now = this.process.clock.now();
    const expiration = new Date(now.getTime() + lifeMs);
    const privateKey = Buffer.alloc(KEY_BYTES, id);
    const certificate = Buffer.from(id);
    const endpoint = 'tcp://10.1.1.1:5432';
    const sealed = await this.kms.encrypt(this.db.executor, PROJECT, 'sessions', privateKey, id);
    const made = await insertSession(this.db.executor, {} as Allowed<'authorize-session'>, {
      ...{ id, targetId: target.id, targetVersion: 1, userId: this.fixture.userId, authTokenId: tokenId, workerIds },
      ...{ hostId: null, hostSetId: null, endpoint, certificate, privateKey: sealed.ciphertext, keyId: sealed.keyId },
      ...{ correlationId: 'c', now, expiration },
    });
    const grant = {
      ...{ id, endpoint, certificate, connection_limit: target.limit, expiration_time: expiration },
      offline_grace_seconds: target.graceSeconds ?? null,
    };
    if (made) this.control?.pushGrant(workerIds, egressGrant(grant, privateKey, now));
    return made;
  }

  async cancelSession(id: string): Promise<void> {
    const allowed = { actor: { userId: this.fixture.userId } } as Allowed<'cancel'>;
    await this.change((tx, now) => cancelSession(tx, allowed, { id, version: 1, now }));
  }

  /** Any other change of the API. */
  async change(work: (tx: Tx, now: Date) => Promise<unknown>): Promise<void> {
    const now = this.process.clock.now();
    await transaction(this.db, now, (tx) => work(tx, now));
  }
}
