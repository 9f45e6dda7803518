/**
 * Tells workers about sessions that changed. PostgreSQL's notifications wake every controller at each change; each
 * tells the workers attached to it. Notifications are a nudge: Hello compares everything, and a periodic pass repeats
 * what a worker did not hear.
 */
import type { Clock } from '../../../lib/clock/clock';
import type { Logger } from '../../../lib/log/log';
import type { Control } from '../control/control';
import { cancellation, grantOfRow } from '../control/grants';
import type { Db } from '../db/db';
import type { Kms } from '../kms/kms';
import * as store from '../sessions/sessions.store';

const SESSIONS = 'sallyport_sessions';
const WORKERS = 'sallyport_workers';
const KEYS = 'sallyport_keys';
const AUTHORITY = 'sallyport_authority';
/** Pause before the listening connection is made again, ms. */
const RECONNECT_MS = 1_000;

export interface PushDeps {
  db: Db;
  kms: Kms;
  clock: Clock;
  log: Logger;
  control: Control;
}

export interface SessionPushes {
  /** Tells workers again about ended sessions whose connections they still hold open. */
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
  private client: ListenClient | undefined;
  private cancelReconnect: (() => void) | undefined;
  private closed = false;

  constructor(private readonly deps: PushDeps) {}

  async listen(): Promise<void> {
    const client = await this.deps.db.connect('sallyport-pushes');
    if (this.closed) return client.end();
    this.client = client;
    client.on('notification', ({ channel, payload }) => this.heard(channel, payload ?? ''));
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    await client.query(`listen ${SESSIONS}; listen ${WORKERS}; listen ${KEYS}; listen ${AUTHORITY}`);
    // What changed while nobody listened.
    this.deps.kms.forgetKeys();
    await this.deps.control.reloadAuthority();
  }

  async repeat(): Promise<void> {
    const workers = this.deps.control.attachedWorkers();
    if (workers.length === 0) return;
    const ids = await store.unheardEnds(this.deps.db.executor, workers, this.deps.clock.now());
    if (ids.length > 0) await this.tell(ids);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelReconnect?.();
    const { client } = this;
    this.client = undefined;
    await client?.end();
    await this.working;
  }

  private heard(channel: string, payload: string): void {
    if (channel === WORKERS) return this.deps.control.cutOff(payload);
    if (channel === KEYS) return this.deps.kms.forgetKeys();
    if (channel === AUTHORITY) return this.reloadAuthority();
    const [id = '', status] = payload.split(' ');
    if (status === 'pending' && (this.deps.control.wasPushed(id) || this.deps.control.attachedWorkers().length === 0)) {
      return;
    }
    this.changed.add(id);
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  private reloadAuthority(): void {
    this.deps.control.reloadAuthority().catch((error: unknown) => {
      this.deps.log.error({ err: error }, 'the new certificate authority could not be loaded: restart this controller');
    });
  }

  /** One query at a time; what comes meanwhile goes together into the next. */
  private async work(): Promise<void> {
    while (this.changed.size > 0 && !this.closed) {
      const ids = [...this.changed];
      this.changed.clear();
      try {
        await this.tell(ids);
      } catch (error) {
        this.deps.log.warn({ err: error }, 'workers could not be told of changed sessions; the next pass will');
      }
    }
  }

  private async tell(ids: string[]): Promise<void> {
    const { control, db, kms, clock } = this.deps;
    const now = clock.now();
    const sessions = await store.sessionsToPush(db.executor, ids, control.attachedWorkers());
    const through: string[] = [];
    for (const session of sessions) {
      const ended = cancellation(session, now);
      if (ended !== undefined) {
        for (const id of session.worker_ids) control.push(id, { $case: 'cancel_session', value: ended });
      } else if (session.worker_ids.length > 0) {
        const grant = await grantOfRow(kms, db.executor, session, now);
        if (grant !== undefined) control.pushGrant(session.worker_ids, grant);
        control.wasPushed(session.id);
      }
      if (session.status === 'canceling' && session.open === 0) through.push(session.id);
    }
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
    this.cancelReconnect = this.deps.clock.after(RECONNECT_MS, () => {
      this.listen()
        .then(() => this.repeat())
        .catch((error: unknown) => {
          this.deps.log.warn({ err: error }, 'changes cannot be listened for yet');
          if (this.client === undefined) this.reconnect();
        });
    });
  }
}
