/**
 * What really happened in a simulated world, kept apart from the product, and the rules that
 * product and database must keep. A broken rule is remembered here and ends the world after the
 * event that broke it.
 */
import { CLOSED_BY, isCause } from '../../lib/contract/endings';
import { CUT_LINGER_MS } from '../../lib/transport/transport';
import type { WorkerSession } from '../../services/worker/sessions/registry';
import type { Authorization, ClosedConnection } from '../../services/worker/sessions/types';
import { fullnessAfter, lieOf, wrongCut, wrongEnd, type Fullness } from './refusals';
import type { Notice } from './database';
import type { Scheduler } from './scheduler';
import type { NewSession } from './controller';
import type { SimWorker } from './worker';

/** Written to the spool by then, or the disk is at fault, ms. */
export const SPOOLED_MS = 60;
const ORDER = ['pending', 'active', 'canceling', 'terminated'];

export const isLive = (status: string): boolean => status === 'pending' || status === 'active';

/** A connection as its worker's process lives it. */
export interface Connection {
  id: string;
  worker: SimWorker;
  session: WorkerSession;
  up: number;
  down: number;
  hasStood: boolean;
  report: ClosedConnection | undefined;
  reportedAt: number;
  /** Its worker has nothing more of it, reported or not; Infinity before. */
  overAt: number;
  /** A controller refused it: it must never be open on record. */
  isRefused: boolean;
  /** Its worker lost the close: nobody reports it. */
  isForgotten: boolean;
  /** Its client is told that it may go ahead. */
  stands(): void;
}

export interface ModelSession extends NewSession {
  tofuToken: string;
  /** Virtual time at which the clock of its controller says that it has expired. */
  expiresAt: number;
  /** Somebody was allowed to end it before. */
  mayBeCanceled: boolean;
  /** A worker of it may have been deleted. */
  mayBeCutOff: boolean;
  /** Its user may have lost the right to it. */
  mayBeRevoked: boolean;
  /** Virtual time since which its user certainly has no right to it. */
  revokedAt: number;
  /** Cancellations of administrators that succeeded. */
  cancellations: number;
  /** First-use tokens that clients came with. */
  tokens: Set<string>;
  full: Fullness;
  /** Virtual time at which a controller had it canceled. */
  endedAt: number | undefined;
  stood: number;
}

export interface SessionRowView {
  id: string;
  status: string;
  termination_reason: string | null;
  made: number;
  open: number;
  version: number;
  connection_limit: number;
  concurrent_connection_limit: number;
}

export interface ConnectionRowView {
  id: string;
  session_id: string;
  worker_id: string | null;
  client_address: string;
  bytes_up: number;
  bytes_down: number;
  bytes_final: boolean;
  closed_time: string | null;
  closed_by: string | null;
  cause: string | null;
  amended: boolean;
  unreachable_since: string | null;
}

export class Truth {
  readonly violations: string[] = [];
  readonly sessions = new Map<string, ModelSession>();
  readonly connections = new Map<string, Connection>();
  readonly sessionRows = new Map<string, SessionRowView>();
  readonly connectionRows = new Map<string, ConnectionRowView>();
  private readonly touched = new Set<string>();
  private readonly endSeen = new WeakMap<WorkerSession, number>();

  constructor(
    private readonly scheduler: Scheduler,
    /** Largest difference between the clocks of controllers, ms. */
    private readonly skewMs: number,
  ) {}

  broken(rule: string): void {
    this.violations.push(`at ${this.scheduler.now.toFixed(1)} ms: ${rule}`);
  }

  begin(worker: SimWorker, session: WorkerSession): Connection {
    const connection: Connection = {
      ...{
        id: '',
        worker,
        session,
        up: 0,
        down: 0,
        hasStood: false,
        report: undefined,
        reportedAt: Infinity,
        overAt: Infinity,
      },
      ...{ isRefused: false, isForgotten: false },
      stands: () => this.stands(connection),
    };
    return connection;
  }

  asked(connection: Connection, request: { connectionId: string; sessionId: string; tofuToken: string }): void {
    connection.id = request.connectionId;
    const { worker } = connection;
    if (worker.isDraining) this.broken(`${worker.process.name} asks for ${connection.id} while it drains`);
    this.connections.set(connection.id, connection);
    this.sessions.get(request.sessionId)?.tokens.add(request.tofuToken);
  }

  delivered(connection: Connection, direction: 'up' | 'down', bytes: number): void {
    const { id, session } = connection;
    if (connection.report) this.broken(`${id} delivers ${bytes} bytes ${direction} after its close was reported`);
    const seen = this.endSeen.get(session);
    if (session.ended !== undefined && direction === 'up')
      this.broken(`${id} delivers bytes after the end of its session`);
    if (seen !== undefined && this.scheduler.now > seen + CUT_LINGER_MS + 5) {
      this.broken(`${id} delivers bytes long after the end of its session`);
    }
    connection[direction] += bytes;
  }

  /** A controller has answered the request for a connection. */
  answered(connection: Connection, answer: Authorization, asked: { at: number; isWorkerDeleted: boolean }): void {
    const session = this.sessions.get(connection.session.id);
    if (session === undefined) return;
    if (answer.refused !== '') connection.overAt = this.scheduler.now;
    connection.isRefused = answer.refused !== '' && answer.refused !== 'controller unreachable';
    const now = this.scheduler.now;
    const about = { connection, session, askedAt: asked.at, now, skewMs: this.skewMs };
    const lie = lieOf(this, answer, { ...about, isWorkerDeleted: asked.isWorkerDeleted });
    if (lie !== undefined) this.broken(lie);
    const row = this.connectionRows.get(connection.id);
    if (connection.isRefused && row !== undefined) this.checkRefused(row);
  }

  /** A close leaves the proxy: exact, once, with a cause. */
  reported(connection: Connection, closed: ClosedConnection): void {
    const { id, up, down } = connection;
    if (connection.report) return this.broken(`the close of ${id} is reported twice`);
    connection.report = closed;
    connection.reportedAt = this.scheduler.now;
    connection.overAt = Math.min(connection.overAt, this.scheduler.now);
    this.scheduler.note(`${connection.worker.process.name} reports ${id} ${closed.closedBy} ${closed.cause}`);
    if (closed.bytesUp !== up || closed.bytesDown !== down) {
      this.broken(`${id} reports ${closed.bytesUp}/${closed.bytesDown} bytes, but delivered ${up}/${down}`);
    }
    if (closed.cause === 'worker drain' && !connection.worker.isPastDeadline)
      this.broken(`${id} is cut before the deadline of the drain`);
    const lie = connection.hasStood ? wrongCut(connection.worker, closed, this.scheduler.now) : undefined;
    if (lie !== undefined) this.broken(`${id} ${lie}`);
    if (closed.dialFailed && connection.hasStood) this.broken(`${id} stood, but its dial is said to have failed`);
  }

  /** Looks at the live workers after every event. */
  watch(workers: Iterable<SimWorker>): void {
    for (const worker of workers) {
      for (const session of worker.registry.all()) {
        if (session.ended === undefined) this.endSeen.delete(session);
        else if (!this.endSeen.has(session)) this.endsAt(session);
      }
    }
  }

  private endsAt(session: WorkerSession): void {
    const { now } = this.scheduler;
    this.endSeen.set(session, now);
    const model = this.sessions.get(session.id);
    const wrong = model && wrongEnd(this, session, { model, now, skewMs: this.skewMs });
    if (wrong !== undefined) this.broken(wrong);
  }

  /** A row that a committed statement changed. */
  took(notice: Notice): void {
    if (notice.kind !== 'row' || notice.operation === 'DELETE') return;
    if (notice.table === 'sessions') this.tookSession(notice.row as unknown as SessionRowView);
    else this.tookConnection(notice.row as unknown as ConnectionRowView);
  }

  /** After each commit: counters equal the rows, and limits hold. */
  committed(): void {
    for (const id of this.touched) {
      const row = this.sessionRows.get(id);
      if (row === undefined) continue;
      const rows = this.rowsOf(id);
      const open = rows.filter((one) => one.closed_time === null).length;
      if (row.open !== open) this.broken(`${id} counts ${row.open} open connections, but ${open} are`);
      if (row.connection_limit !== -1 && row.made > row.connection_limit) this.broken(`${id} is over its limit`);
      if (row.concurrent_connection_limit !== -1 && open > row.concurrent_connection_limit) {
        this.broken(`${id} has ${open} open connections, ${row.concurrent_connection_limit} are allowed`);
      }
      const orphan = rows.find((one) => one.closed_time === null && one.worker_id === null);
      if (orphan) this.broken(`${orphan.id} is open without a worker`);
      if (isLive(row.status) && open === 0 && row.connection_limit !== -1 && row.made >= row.connection_limit) {
        this.broken(`${id} has made all its connections, but is ${row.status}`);
      }
      if (row.status === 'terminated' && open > 0) this.broken(`${id} is terminated with ${open} open connections`);
    }
    this.touched.clear();
  }

  rowsOf(sessionId: string): ConnectionRowView[] {
    return [...this.connectionRows.values()].filter((row) => row.session_id === sessionId);
  }

  private stands(connection: Connection): void {
    const { session, id } = connection;
    const model = this.sessions.get(session.id);
    connection.hasStood = true;
    if (session.ended) this.broken(`${id} is told to go ahead after the end of its session`);
    if (model && ++model.stood > model.target.limit && model.target.limit !== -1) {
      this.broken(`${session.id} has let ${model.stood} connections through, ${model.target.limit} are allowed`);
    }
  }

  private tookSession(row: SessionRowView): void {
    const before = this.sessionRows.get(row.id);
    const model = this.sessions.get(row.id);
    this.sessionRows.set(row.id, row);
    this.touched.add(row.id);
    if (model === undefined) return;
    if (before && ORDER.indexOf(row.status) < ORDER.indexOf(before.status)) {
      this.broken(`${row.id} goes back from ${before.status} to ${row.status}`);
    }
    // A deleted parent still takes its name out of the row.
    if (before?.status === 'terminated' && !isSame(before, row)) this.broken(`${row.id} changes after its end`);
    model.full = fullnessAfter(model.full, row, this.scheduler.now);
    if (row.status === 'canceling') {
      model.endedAt ??= this.scheduler.now;
      if (!model.mayBeCanceled && !model.mayBeRevoked) this.broken(`${row.id} is canceled by nobody`);
    }
    if (row.status === 'terminated') this.terminated(model, row);
  }

  private terminated(model: ModelSession, row: SessionRowView): void {
    const reason = row.termination_reason;
    const isTrue =
      reason === 'canceled'
        ? model.mayBeCanceled
        : reason === 'access revoked'
          ? model.mayBeRevoked
          : reason === 'timed out'
            ? this.scheduler.now >= model.expiresAt - this.skewMs
            : reason === 'connection limit' && row.made >= row.connection_limit && row.connection_limit !== -1;
    if (!isTrue) this.broken(`${row.id} is terminated for the wrong reason: ${reason}`);
  }

  private checkRefused(row: ConnectionRowView): void {
    if (row.closed_time !== null || !this.connections.get(row.id)?.isRefused) return;
    this.broken(`${row.id} takes a slot although it was refused`);
  }

  private tookConnection(row: ConnectionRowView): void {
    const before = this.connectionRows.get(row.id);
    this.connectionRows.set(row.id, row);
    this.touched.add(row.session_id);
    if (row.closed_time !== null && !(isCause(row.cause ?? '') && CLOSED_BY.some((by) => by === row.closed_by))) {
      this.broken(`${row.id} is closed without a cause: ${row.closed_by} ${row.cause}`);
    }
    this.checkRefused(row);
    const connection = this.connections.get(row.id);
    if (connection && (row.bytes_up > connection.up || row.bytes_down > connection.down)) {
      this.broken(`${row.id} has more bytes on record than it delivered`);
    }
    if (before === undefined) return;
    if (row.bytes_up < before.bytes_up || row.bytes_down < before.bytes_down) this.broken(`bytes of ${row.id} fall`);
    if (before.closed_time === null || before.worker_id !== row.worker_id) return;
    if (row.closed_time !== before.closed_time) this.broken(`${row.id} closes again`);
    if (before.amended || before.bytes_final || before.cause !== 'worker lost') {
      this.broken(`${row.id} changes after its final close`);
    }
  }
}

const isSame = (a: SessionRowView, b: SessionRowView): boolean =>
  a.status === b.status && a.termination_reason === b.termination_reason && a.made === b.made && a.open === b.open;
