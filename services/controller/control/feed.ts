/**
 * Tells a worker of its sessions: when it attaches, of all their grants, read and sent in pieces,
 * and afterwards of every change. No message is large, and few grants are in memory at a time,
 * however many sessions there are. A change that comes while a piece is read waits until the piece
 * is sent, because the piece may not contain it.
 */
import { limit } from '../../../lib/limits/limit';
import type { SessionGrant } from '../../../proto/gen/worker/control';
import * as sessions from '../sessions/sessions.store';
import type { ControlDeps } from './control-deps';
import { grantOfRow } from './grants';
import { MAX_WAITING, mayBeLeftOut, type Outbox, type Push } from './outbox';

const BATCH = limit('grants of a batch', 500, {
  what: 'sessions that are read at once when a worker attaches',
  unit: 'sessions',
  reached: 'the rest follows in further batches',
  test: 'test/strain/session-pieces.test.ts: a worker with 29,000 pending sessions is welcomed at once',
});
/** A worker of the previous release is told of so many sessions in its Welcome. */
const OF_WELCOME = 2_000;

interface GrantBatch {
  grants: SessionGrant[];
  /** Where the next one begins; undefined: there is none. */
  next: string | undefined;
}

export class Feed {
  /**
   * Changes that wait; undefined while changes pass at once. At first they wait for the Welcome.
   */
  private held: Push[] | undefined = [];
  private isEnded = false;

  constructor(
    private readonly deps: ControlDeps,
    private readonly workerId: string,
    private readonly outbox: Outbox,
    /** Called when more waits than may. */
    private readonly tooMuch: () => void,
  ) {}

  /** A change of one session. */
  push(message: Push): void {
    if (this.isEnded) return;
    if (this.held === undefined) return this.outbox.push(message);
    if (!mayBeLeftOut(message, this.held.length)) this.held.push(message);
    if (this.held.length > MAX_WAITING) this.tooMuch();
  }

  /** Grants for the Welcome of a worker that does not take them in pieces, as many as fit. */
  async forWelcome(): Promise<GrantBatch> {
    const grants: SessionGrant[] = [];
    let next: string | undefined = '';
    while (next !== undefined && grants.length < OF_WELCOME) {
      const batch: GrantBatch = await grantBatch(this.deps, this.workerId, next);
      grants.push(...batch.grants);
      next = batch.next;
    }
    return { grants, next };
  }

  /**
   * To be called when the Welcome is sent: lets changes pass, and sends the grants of the sessions
   * behind the id `next`. Resolves when all are sent or the stream has ended.
   */
  async run(next: string | undefined): Promise<void> {
    let after = next;
    while (!this.isEnded && after !== undefined) {
      this.held ??= [];
      const batch: GrantBatch = await grantBatch(this.deps, this.workerId, after);
      this.outbox.push(...batch.grants.map((value): Push => ({ $case: 'session_grant', value })));
      this.release();
      await this.outbox.drained();
      after = batch.next;
    }
    this.release();
  }

  end(): void {
    this.isEnded = true;
    this.held = [];
  }

  private release(): void {
    if (this.isEnded) return;
    const held = this.held ?? [];
    this.held = undefined;
    this.outbox.push(...held);
  }
}

/** Grants of sessions behind the id `after`, in the order of their ids. */
async function grantBatch(deps: ControlDeps, workerId: string, after: string): Promise<GrantBatch> {
  const on = deps.db.executor;
  const now = deps.clock.now();
  const rows = await sessions.grantsOfWorker(on, workerId, now, { after, count: BATCH });
  const grants = await Promise.all(rows.map((row) => grantOfRow(deps.kms, on, row, now)));
  return {
    grants: grants.filter((grant) => grant !== undefined),
    next: rows.length < BATCH ? undefined : rows.at(-1)!.id,
  };
}
