/**
 * Whether what a worker and its clients were told was true: each refusal, and each end at a worker.
 */
import { CUT_LINGER_MS } from '../../lib/transport/transport';
import type { WorkerSession } from '../../services/worker/sessions/registry';
import type { Authorization, ClosedConnection } from '../../services/worker/sessions/types';
import type { Connection, ModelSession, SessionRowView, Truth } from './truth';
import type { SimWorker } from './worker';

/** Times of the worker's clock and of notes are whole, ms. */
const ROUNDING_MS = 5;
/** How late a timer of a worker may be, ms. */
export const TIMER_MS = 50;

/** When a session last had as many connections as it may have; Infinity while it has them. */
export interface Fullness {
  made: number;
  open: number;
}

const isFull = (count: number, limit: number): boolean => limit !== -1 && count >= limit;

/** What a change of its row says about the fullness of a session. */
export function fullnessAfter(last: Fullness, row: SessionRowView, now: number): Fullness {
  const at = (before: number, isFullNow: boolean): number =>
    isFullNow ? Infinity : before === Infinity ? now : before;
  return {
    made: at(last.made, isFull(row.made, row.connection_limit)),
    open: at(last.open, isFull(row.open, row.concurrent_connection_limit)),
  };
}

/** A request of a worker for a connection, answered by a controller. */
export interface Answered {
  connection: Connection;
  session: ModelSession;
  askedAt: number;
  now: number;
  skewMs: number;
  isWorkerDeleted: boolean;
}

/** Undefined when the answer was true, else what was wrong with it. */
export function lieOf(truth: Truth, answer: Authorization, about: Answered): string | undefined {
  const { connection, session } = about;
  const row = truth.sessionRows.get(session.id);
  if (answer.refused !== '') {
    return isTrueRefusal(answer.refused, row, about)
      ? undefined
      : `${connection.id} is refused without reason: ${answer.refused}`;
  }
  if (row !== undefined && answer.connectionsLeft !== -1 && answer.connectionsLeft > row.connection_limit - 1) {
    return `${connection.id} is told of ${answer.connectionsLeft} more connections, the limit is ${row.connection_limit}`;
  }
  if (!truth.connectionRows.has(connection.id)) return `${connection.id} is allowed without being on record`;
  return undefined;
}

function isTrueRefusal(cause: string, row: SessionRowView | undefined, about: Answered): boolean {
  const { session, askedAt, now, skewMs } = about;
  const reason = row?.termination_reason ?? '';
  switch (cause) {
    case 'connection limit':
      return session.full.made >= askedAt || reason === 'connection limit';
    case 'concurrent connection limit':
      return session.full.open >= askedAt;
    case 'canceled':
      return row?.status === 'canceling' || reason === 'canceled' || reason === 'access revoked';
    case 'expired':
      return now >= session.expiresAt - skewMs || reason === 'timed out';
    case 'tofu token not allowed':
      return session.tokens.size > 1;
    case 'session not found':
      return row === undefined || about.isWorkerDeleted;
    default:
      // The database failed it: the truth is not known.
      return cause === 'controller unreachable';
  }
}

/** Undefined when a worker may hold the session for ended, else what was wrong with it. */
export function wrongEnd(
  truth: Truth,
  session: WorkerSession,
  about: { model: ModelSession; now: number; skewMs: number },
) {
  const { model, now, skewMs } = about;
  const status = truth.sessionRows.get(session.id)?.status;
  const cause = session.ended?.cause ?? '';
  const isOver = status === 'canceling' || status === 'terminated';
  const isTrue =
    cause === 'expired'
      ? now >= model.expiresAt - skewMs - ROUNDING_MS
      : isOver || session.isRevoked || model.mayBeCutOff;
  return isTrue ? undefined : `a worker ends ${session.id} as ${cause}, but it is ${status}`;
}

/**
 * The grace without a controller is over with the next stream; what was cut before may still be on
 * its way.
 */
export function wrongCut(worker: SimWorker, { cause }: ClosedConnection, now: number): string | undefined {
  if (cause !== 'controller unreachable' || !worker.control.isAttached) return undefined;
  const since = Math.max(worker.attachedSince, worker.process.stoppedUntil);
  if (now <= since + CUT_LINGER_MS + TIMER_MS) return undefined;
  return `is cut for want of a controller, but ${worker.process.name} has one`;
}
