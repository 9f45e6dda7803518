/**
 * Tells workers about sessions that changed. PostgreSQL notifies every controller of each change,
 * and each controller tells the workers attached to it. Nothing depends on a notification: Hello
 * compares everything, and a periodic pass repeats what a worker has missed. A notification that
 * rights were taken away starts the review of the sessions that depend on them.
 */
import { Counter, type Registry } from 'prom-client';
import type { CancelSession } from '../../../proto/gen/worker/control';
import type { Clock } from '../../../lib/clock/clock';
import type { Logger } from '../../../lib/log/log';
import type { Authz } from '../authz/authz';
import type { Control } from '../control/control';
import { deletedAmong } from '../control/control.store';
import { cancellation, grantOfRow } from '../control/grants';
import type { Db } from '../db/db';
import type { Kms } from '../kms/kms';
import { reviewAccess } from '../sessions/access-review';
import * as store from '../sessions/sessions.store';

const SESSIONS = 'sallyport_sessions';
const WORKERS = 'sallyport_workers';
const KEYS = 'sallyport_keys';
const AUTHORITY = 'sallyport_authority';
const GRANTS = 'sallyport_grants';
/** Sessions that are read, or told of, at once. */
const BATCH = 500;
/** Pause before the listening connection is made again, ms. */
const RECONNECT_MS = 1_000;

export interface PushDeps {
  db: Db;
  kms: Kms;
  authz: Authz;
  clock: Clock;
  log: Logger;
  control: Control;
  registry: Registry;
}

/** What made a controller push: a notification, or the periodic pass for what was missed. */
type PushedBy = 'notify' | 'repeat';

export interface SessionPushes {
  /**
   * Reviews changes whose notification was lost, tells workers again about ended sessions that they
   * still have open connections of, and cuts off deleted workers.
   */
  repeat(): Promise<void>;
  close(): Promise<void>;
}

/** Listens for changes and pushes them; reconnects when the connection breaks. */
export async function startSessionPushes(deps: PushDeps): Promise<SessionPushes> {
  const pushes = new Pushes(deps);
  await pushes.listen();
  return pushes;
}

type ListenClient = Awaited<ReturnType<Db['connect']>>;

class Pushes implements SessionPushes {
  private readonly changed = new Set<string>();
  private working: Promise<void> | undefined;
  private reviewing: Promise<void> | undefined;
  /** Something changed since the review under way began. */
  private reviewAgain = false;
  private client: ListenClient | undefined;
  private cancelReconnect: (() => void) | undefined;
  private closed = false;
  private readonly pushed: Counter<'by'>;

  constructor(private readonly deps: PushDeps) {
    this.pushed = new Counter({
      name: 'sallyport_controller_session_pushes_total',
      help: 'Cancellations of sessions pushed to workers, by what made this controller push.',
      labelNames: ['by'],
      registers: [deps.registry],
    });
    for (const by of ['notify', 'repeat'] satisfies PushedBy[]) this.pushed.inc({ by }, 0);
  }

  async listen(): Promise<void> {
    const client = await this.deps.db.connect('sallyport-pushes');
    client.on('notification', ({ channel, payload }) => this.heard(channel, payload ?? ''));
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    try {
      if (!this.closed) await this.openChannels(client);
    } catch (error) {
      this.client = undefined;
      await end(client);
      throw error;
    }
    if (this.closed) await end(client);
  }

  private async openChannels(client: ListenClient): Promise<void> {
    await client.query(`listen ${SESSIONS}; listen ${WORKERS}; listen ${KEYS}; listen ${AUTHORITY}; listen ${GRANTS}`);
    this.client = client;
    // What changed while nobody listened.
    this.deps.kms.forgetKeys();
    await this.deps.control.reloadAuthority();
  }

  async repeat(): Promise<void> {
    await this.review();
    const workers = this.deps.control.attachedWorkers();
    if (workers.length === 0) return;
    const ids = await store.unheardEnds(this.deps.db.executor, workers, this.deps.clock.now());
    for (let i = 0; i < ids.length; i += BATCH) await this.tell(ids.slice(i, i + BATCH), 'repeat');
    for (const id of await deletedAmong(this.deps.db.executor, workers)) this.deps.control.cutOff(id);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelReconnect?.();
    const { client } = this;
    this.client = undefined;
    await client?.end();
    await this.working;
    await this.reviewing;
  }

  private heard(channel: string, payload: string): void {
    if (channel === WORKERS) return this.workerLeaves(payload);
    if (channel === KEYS) return this.deps.kms.forgetKeys();
    if (channel === AUTHORITY) return this.reloadAuthority();
    if (channel === GRANTS) return void this.review();
    const [id = '', status] = payload.split(' ');
    if (status === 'pending' && (this.deps.control.wasPushed(id) || this.deps.control.attachedWorkers().length === 0)) {
      return;
    }
    this.changed.add(id);
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  /**
   * `ID` alone: the worker was deleted. `ID retire`: it is about to be deleted, and ends its
   * connections while it can still report them.
   */
  private workerLeaves(payload: string): void {
    const [id = '', word] = payload.split(' ');
    if (word === undefined) return this.deps.control.cutOff(id);
    if (word !== 'retire' || !this.deps.control.attachedWorkers().includes(id)) return;
    this.retire(id).catch((error: unknown) => {
      this.deps.log.warn({ err: error, worker_id: id }, 'sessions of a worker could not be ended before its deletion');
    });
  }

  private async retire(workerId: string): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const ids: string[] = await store.liveSessionsOf(this.deps.db.executor, workerId, { after, count: BATCH });
      const ended = ids.map((session_id) => ({ session_id, cause: 'canceled', closed_by: 'admin' }));
      this.deps.control.cancel(workerId, ended);
      after = ids.length < BATCH ? undefined : ids.at(-1);
    }
  }

  /** Runs one review at a time. A change meanwhile leads to another review afterwards. */
  private review(): Promise<void> {
    this.reviewAgain = true;
    this.reviewing ??= this.reviewAll().finally(() => (this.reviewing = undefined));
    return this.reviewing;
  }

  private async reviewAll(): Promise<void> {
    while (this.reviewAgain && !this.closed) {
      this.reviewAgain = false;
      try {
        await reviewAccess(this.deps, this.deps.clock.now());
      } catch (error) {
        this.deps.log.warn(
          { err: error },
          'sessions could not be reviewed after rights were taken away; the next pass will',
        );
      }
    }
  }

  private reloadAuthority(): void {
    this.deps.control.reloadAuthority().catch((error: unknown) => {
      this.deps.log.error({ err: error }, 'the new certificate authority could not be loaded: restart this controller');
    });
  }

  /** Runs one query at a time. Changes that come meanwhile go together into the next one. */
  private async work(): Promise<void> {
    while (this.changed.size > 0 && !this.closed) {
      const ids = [...this.changed].slice(0, BATCH);
      for (const id of ids) this.changed.delete(id);
      try {
        await this.tell(ids, 'notify');
      } catch (error) {
        this.deps.log.warn({ err: error }, 'workers could not be told of changed sessions; the next pass will');
      }
    }
  }

  private async tell(ids: string[], by: PushedBy): Promise<void> {
    const { control, db, kms, clock } = this.deps;
    const now = clock.now();
    const sessions = await store.sessionsToPush(db.executor, ids, control.attachedWorkers());
    const through: string[] = [];
    const canceled = new Map<string, CancelSession[]>();
    for (const session of sessions) {
      const ended = cancellation(session, now);
      if (ended !== undefined) {
        for (const id of session.worker_ids) canceled.set(id, [...(canceled.get(id) ?? []), ended]);
        this.pushed.inc({ by }, session.worker_ids.length);
      } else if (session.worker_ids.length > 0) {
        const grant = await grantOfRow(kms, db.executor, session, now);
        if (grant !== undefined) control.pushGrant(session.worker_ids, grant);
        control.wasPushed(session.id);
      }
      if (session.status === 'canceling' && session.open === 0) through.push(session.id);
    }
    for (const [id, ended] of canceled) control.cancel(id, ended);
    if (through.length > 0) await store.terminateCanceled(db.executor, through, now);
  }

  private lost(client: ListenClient): void {
    if (this.client !== client) return;
    this.client = undefined;
    client.removeAllListeners('notification');
    this.deps.log.warn('the connection that listens for changes broke; it is made again');
    this.reconnect();
  }

  private reconnect(): void {
    if (this.closed) return;
    this.cancelReconnect?.();
    this.cancelReconnect = this.deps.clock.after(RECONNECT_MS, () => {
      if (this.client !== undefined) return;
      this.listen()
        .then(() => this.repeat())
        .catch((error: unknown) => {
          this.deps.log.warn({ err: error }, 'changes cannot be listened for yet');
          if (this.client === undefined) this.reconnect();
        });
    });
  }
}

/** Ends a connection that may be broken already. */
const end = (client: ListenClient): Promise<void> => client.end().catch(() => undefined);
