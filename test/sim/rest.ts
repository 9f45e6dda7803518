/** What must hold once the faults are over and everything has had its time. */
import type { ConnectionRowView, ModelSession, Truth } from './truth';
import { SPOOLED_MS } from './truth';
import type { SimWorker } from './worker';

export interface Rest {
  truth: Truth;
  workers: SimWorker[];
  /** Virtual time at which a process ended without a word; Infinity when it did not. */
  killedAt: Map<SimWorker, number>;
  /** Workers that were deleted: nobody takes their reports any more. */
  deletedWorkers: Set<string>;
  goneWorkers: Set<string>;
}

/**
 * No slot is leaked while sessions live: what is open on record is open at a worker, and the other
 * way round.
 */
export function checkSlots({ truth, workers, deletedWorkers }: Rest): void {
  const live = new Set<string>();
  for (const worker of workers) {
    for (const session of worker.registry.all()) {
      for (const connection of session.connections.values()) if (connection.isAuthorized) live.add(connection.id);
    }
  }
  for (const row of truth.connectionRows.values()) {
    if (deletedWorkers.has(row.worker_id ?? '') || row.worker_id === null) continue;
    const isOpen = row.closed_time === null;
    if (isOpen && row.unreachable_since !== null)
      truth.broken(`${row.id} counts as unreachable, but its worker is back`);
    // A close that its worker has just told is on its way; `prompt.ts` sees to it that it arrives
    // in time.
    const isTold = truth.connections.get(row.id)?.report !== undefined;
    if (isOpen && !isTold && !live.has(row.id)) truth.broken(`${row.id} holds a slot, but no worker has it`);
    if (!isOpen && live.has(row.id)) truth.broken(`${row.id} is closed on record, but its worker goes on`);
  }
  for (const id of live) if (!truth.connectionRows.has(id)) truth.broken(`${id} lives without being on record`);
}

/**
 * Everything is over: every session has ended, nothing is left anywhere, and the rows say what
 * happened.
 */
export function checkEnd(rest: Rest): void {
  const { truth, workers } = rest;
  for (const session of truth.sessions.values()) {
    const row = truth.sessionRows.get(session.id);
    if (row === undefined) continue;
    if (row.status !== 'terminated') truth.broken(`${row.id} is still ${row.status} at the end`);
    if (row.open !== 0) truth.broken(`${row.id} holds ${row.open} slots at the end`);
    checkMade(rest, session, row.made);
  }
  for (const row of truth.connectionRows.values()) checkRow(rest, row);
  for (const [id, { hasStood }] of truth.connections) {
    if (hasStood && !truth.connectionRows.has(id)) truth.broken(`${id} carried bytes without being on record`);
  }
  for (const worker of workers) {
    const isGone = rest.goneWorkers.has(worker.workerId);
    if (isGone && worker.registry.connectionCount() > 0)
      truth.broken(`${worker.process.name} was deleted, but goes on serving`);
    if (rest.deletedWorkers.has(worker.workerId)) continue;
    const { process, registry, control } = worker;
    if (registry.connectionCount() > 0) truth.broken(`${process.name} still has connections at the end`);
    if (control.unacknowledged > 0)
      truth.broken(`${process.name} still has ${control.unacknowledged} closes to report`);
    if (worker.sockets.size > 0) truth.broken(`${process.name} still has ${worker.sockets.size} sockets open`);
  }
}

/** `made` counts every connection of the session but those whose dial failed. */
function checkMade({ truth }: Rest, session: ModelSession, made: number): void {
  const rows = truth.rowsOf(session.id).filter((row) => row.client_address !== '');
  const failed = rows.filter((row) => truth.connections.get(row.id)?.report?.dialFailed);
  // A row that was given up as lost keeps its count when its own close comes later.
  const kept = failed.filter((row) => row.amended || row.cause === 'worker lost').length;
  const least = rows.length - failed.length;
  if (made < least || made > least + kept) {
    truth.broken(`${session.id} counts ${made} connections made, but ${least} to ${least + kept} were`);
  }
}

function checkRow({ truth, killedAt, deletedWorkers }: Rest, row: ConnectionRowView): void {
  const connection = truth.connections.get(row.id);
  if (row.closed_time === null) return truth.broken(`${row.id} is still open at the end`);
  if (connection === undefined) return truth.broken(`${row.id} is on record, but nobody asked for it`);
  const { report, up, down, worker } = connection;
  if (row.bytes_up > up || row.bytes_down > down) truth.broken(`${row.id} has more bytes on record than it delivered`);
  if (deletedWorkers.has(worker.workerId)) return;
  // A process that stands still writes nothing.
  const awake = Math.max(connection.reportedAt, worker.process.stoppedUntil);
  const isKept =
    report !== undefined && !connection.isForgotten && (killedAt.get(worker) ?? Infinity) > awake + SPOOLED_MS;
  if (!isKept) {
    if ((report === undefined || connection.isForgotten) && row.cause !== 'worker lost')
      truth.broken(`${row.id} was not reported, but is ${row.cause}`);
    return;
  }
  const isExact = row.bytes_up === report.bytesUp && row.bytes_down === report.bytesDown && row.bytes_final;
  if (!isExact) truth.broken(`${row.id} has ${row.bytes_up}/${row.bytes_down} bytes on record, reported ${up}/${down}`);
  if (row.cause !== report.cause || row.closed_by !== report.closedBy) {
    truth.broken(`${row.id} is ${row.closed_by} ${row.cause} on record, reported ${report.closedBy} ${report.cause}`);
  }
}
