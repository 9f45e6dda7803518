/**
 * The time of the deployment is the time of its database, because all controllers compare the times
 * that one of them stores. Each controller measures PostgreSQL's clock when it starts and at every
 * renewal of its lease, and goes by it.
 */
import type { Clock } from '../../../lib/clock/clock';
import { SteeredClock, type Measured } from '../../../lib/clock/steered-clock';
import type { Logger } from '../../../lib/log/log';
import { row, sql, type Db } from './db';

/**
 * A machine whose own time differs by more than this is warned about, ms: its logs cannot be
 * compared with others.
 */
const WORTH_A_WORD_MS = 2_000;

export interface DatabaseClock {
  clock: Clock;
  /** Runs a statement that answers PostgreSQL's time, and corrects the clock with it. */
  measure<T extends { time: Date }>(ask: () => Promise<T>): Promise<T & Measured>;
}

/** Timers, and the time that logs carry, stay those of the machine. */
export async function startDatabaseClock({
  db,
  local,
  log,
}: {
  db: Db;
  local: Clock;
  log: Logger;
}): Promise<DatabaseClock> {
  const clock = new SteeredClock({ local });
  let isOff = false;
  const measure: DatabaseClock['measure'] = async (ask) => {
    const found = await clock.measure(ask);
    const seconds = (ms: number): number => Math.round(ms / 100) / 10;
    const wasOff = isOff;
    // The offset must halve before the next warning, so that one at the edge does not fill the log.
    isOff = Math.abs(found.localOffMs) > (wasOff ? WORTH_A_WORD_MS / 2 : WORTH_A_WORD_MS);
    if (isOff && !wasOff) {
      const text = 'the clock of this machine differs from that of the database, which all times follow; check NTP';
      log.warn({ database_ahead_seconds: seconds(found.localOffMs) }, text);
    }
    if (found.stepMs !== 0) {
      const text = "the database's clock was set, or this machine stood still; all times follow, leases are kept";
      log.warn({ moved_seconds: seconds(found.stepMs) }, text);
    }
    return found;
  };
  await measure(async () => (await row<{ time: Date }>(db.executor, sql`select clock_timestamp() as time`))!);
  return { clock, measure };
}
