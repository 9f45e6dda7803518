/**
 * What a worker reports: byte counts and closes. Both are queued and written in batches, one write
 * at a time and in order; a close is acknowledged once it is stored. The worker repeats what was
 * not acknowledged on its next stream. A report that the database can never take is dropped with a
 * log line, so that it holds up no other.
 */
import type { Clock } from '../../../lib/clock/clock';
import { isCause, isClosedBy } from '../../../lib/contract/endings';
import { MAX_INT4, MAX_PORT } from '../../../lib/contract/numbers';
import { limit } from '../../../lib/limits/limit';
import type { Logger } from '../../../lib/log/log';
import type { ConnectionClosed, ConnectionStat } from '../../../proto/gen/worker/control';
import { CHECK_VIOLATION, databaseError, NOT_NULL_VIOLATION, type Executor } from '../db/db';
import { closeConnections, recordStats, type Close, type Stat } from '../sessions/connections.store';

/** Closes of one statement. */
const MAX_BATCH = 500;
const MAX_CLOSES = limit('closes of a worker that wait', 50_000, {
  what: 'closed connections that a worker has reported and that wait for the database',
  unit: 'closes',
  reached:
    'no more are taken; the stream ends when these are stored, and the worker repeats the others on its next one',
  test: 'services/controller/control/reports.test.ts: closes beyond the limit are left to the next stream',
});
const MAX_STATS = limit('byte counts of a worker that wait', 100_000, {
  what: 'connections whose byte counts a worker has reported and that wait for the database',
  unit: 'connections',
  reached: 'counts of further connections are dropped; the next report of them brings newer ones',
  test: 'services/controller/control/reports.test.ts: counts beyond the limit are dropped',
});
/** Pause after the database refused, ms. */
const RETRY_MS = 1_000;
const MAX_INT8 = 2n ** 63n - 1n;
/** Longest error text kept, characters. */
const MAX_ERROR = 500;
const MAX_ADDRESS = 255;
/** Longest id looked at; real ones are shorter. */
const MAX_ID = 100;

interface ReportDeps {
  on: Executor;
  clock: Clock;
  log: Logger;
  workerId: string;
  /** All closes up to `sequence` are stored. */
  acknowledge(sequence: bigint): void;
  /** Called when there are more closes than are taken; those that were taken are stored. */
  tooMany(): void;
}

export class Reports {
  private readonly stats = new Map<string, Stat>();
  private closes: ConnectionClosed[] = [];
  private writing: Promise<void> | undefined;
  private ended = false;
  /**
   * A close was not taken. No later one may be taken then, because an acknowledgment covers all
   * before it.
   */
  private isOverfull = false;

  constructor(private readonly deps: ReportDeps) {}

  addStats(stats: ConnectionStat[]): void {
    for (const stat of stats) {
      if (this.stats.size < MAX_STATS || this.stats.has(stat.connection_id)) {
        this.stats.set(stat.connection_id, toStat(stat));
      }
    }
    this.wake();
  }

  addClose(close: ConnectionClosed): void {
    if (this.closes.length >= MAX_CLOSES) this.isOverfull = true;
    if (!this.isOverfull) this.closes.push(close);
    this.wake();
  }

  /** Takes no more reports; resolves when the write under way is done. */
  async end(): Promise<void> {
    this.ended = true;
    await this.writing;
  }

  /** Resolves when nothing waits to be written. */
  async written(): Promise<void> {
    await this.writing;
  }

  private wake(): void {
    this.writing ??= this.write().finally(() => {
      this.writing = undefined;
    });
  }

  private async write(): Promise<void> {
    while (!this.ended && (this.closes.length > 0 || this.stats.size > 0)) {
      try {
        await this.writeCloses();
        await this.writeStats();
      } catch (error) {
        this.deps.log.warn({ err: error, worker_id: this.deps.workerId }, 'reports of a worker wait for the database');
        await new Promise<void>((resolve) => this.deps.clock.after(RETRY_MS, resolve));
      }
    }
    if (this.isOverfull && !this.ended) this.deps.tooMany();
  }

  private async writeCloses(): Promise<void> {
    const batch = this.closes.slice(0, MAX_BATCH);
    if (batch.length === 0) return;
    const byId = new Map(batch.map((close) => [close.connection_id, close]));
    const { on, clock, workerId } = this.deps;
    await this.store([...byId.values()].map(toClose), (closes) => closeConnections(on, workerId, closes, clock.now()));
    this.closes = this.closes.slice(batch.length);
    for (const id of byId.keys()) this.stats.delete(id);
    this.deps.acknowledge(batch.reduce((last, close) => (close.sequence > last ? close.sequence : last), 0n));
  }

  /**
   * Stores a batch. When the database refuses the batch as a whole, stores the reports one by one,
   * without those that it cannot take.
   */
  private async store<T extends Stat>(batch: T[], write: (batch: T[]) => Promise<void>): Promise<void> {
    try {
      return await write(batch);
    } catch (error) {
      if (!isDataError(error)) throw error;
    }
    for (const one of batch) {
      try {
        await write([one]);
      } catch (error) {
        if (!isDataError(error)) throw error;
        const about = { err: error, worker_id: this.deps.workerId, connection_id: one.id };
        this.deps.log.error(about, 'a report of a worker cannot be stored and is dropped');
      }
    }
  }

  private async writeStats(): Promise<void> {
    const batch = [...this.stats.values()].slice(0, MAX_BATCH);
    if (batch.length === 0) return;
    await this.store(batch, (stats) => recordStats(this.deps.on, this.deps.workerId, stats));
    // A newer count of the same connection may have come meanwhile.
    for (const stat of batch) if (this.stats.get(stat.id) === stat) this.stats.delete(stat.id);
  }
}

/**
 * Whether PostgreSQL refused a value itself: malformed, out of range, or against a check. Trying
 * again is of no use.
 */
function isDataError(error: unknown): boolean {
  const code = databaseError(error)?.code ?? '';
  return code.startsWith('22') || code === CHECK_VIOLATION || code === NOT_NULL_VIOLATION;
}

/**
 * Text as PostgreSQL takes it: without NUL, and without halves of surrogate pairs that a cut may
 * leave.
 */
const storable = (text: string, maxLength = MAX_ID): string =>
  text.slice(0, maxLength).replace(/\0|\p{Surrogate}/gu, '');

const bytes = (count: bigint): string => (count > MAX_INT8 ? MAX_INT8 : count).toString();
const micros = (count: number | undefined): number | null => (count === undefined ? null : Math.min(count, MAX_INT4));

/** Counts as the store takes them. */
export function toStat(stat: ConnectionStat): Stat {
  const known = stat.endpoint_address !== '' && stat.endpoint_port <= MAX_PORT;
  return {
    id: storable(stat.connection_id),
    bytes_up: bytes(stat.bytes_up),
    bytes_down: bytes(stat.bytes_down),
    endpoint_address: known ? storable(stat.endpoint_address, MAX_ADDRESS) : null,
    endpoint_port: known ? stat.endpoint_port : null,
  };
}

/**
 * Words outside the closed lists, which a worker of another release might send, count as its
 * protocol error.
 */
function toClose(close: ConnectionClosed): Close {
  const known = isClosedBy(close.closed_by) && isCause(close.cause);
  return {
    ...toStat(close),
    closed_by: known ? (close.closed_by as Close['closed_by']) : 'worker',
    cause: known ? (close.cause as Close['cause']) : 'protocol error',
    error: close.error === '' ? null : storable(close.error, MAX_ERROR),
    connect_latency_us: micros(close.connect_latency_us),
    first_byte_latency_us: micros(close.first_byte_latency_us),
    dial_failed: close.dial_failed,
    boot_id: storable(close.boot_id),
    session_id: storable(close.session_id),
  };
}
