/**
 * What a proxy that closes still waits for. Bytes whose sender has already closed must arrive, as
 * long as they move. A local client may have closed with bytes that were not read yet: while some
 * are still read from it, it gets a short time to show its end.
 */
import type { Clock } from '../../lib/clock/clock';
import type { ProxiedConnection } from './proxied-connection';

/**
 * How long to wait for ended connections to finish while bytes still move; how many looks while
 * none do.
 */
const FINISH_TOTAL_MS = 30_000;
const FINISH_IDLE_LOOKS = 100;
/**
 * Between two looks, ms. Idleness is counted in looks and not in time: behind each, what the system
 * had for this process has been read, however long the process itself had to wait for its turn.
 */
const LOOK_MS = 10;
/**
 * How long to go on reading from local clients that have not ended but still send, and looks while
 * they do not.
 */
const READ_UP_TOTAL_MS = 3_000;
const READ_UP_IDLE_LOOKS = 5;

interface Wait {
  totalMs: number;
  idleLooks: number;
  select(): ProxiedConnection[];
  /** What grows as long as the connection moves, given the number of the look. */
  progress(connection: ProxiedConnection, look: number): number;
}

/** `connections` are open locally, `unsettled` also those whose transport still is. */
export async function lastBytes(
  connections: ReadonlySet<ProxiedConnection>,
  unsettled: ReadonlySet<ProxiedConnection>,
  clock: Clock,
): Promise<void> {
  await whileMoving(clock, {
    totalMs: READ_UP_TOTAL_MS,
    idleLooks: READ_UP_IDLE_LOOKS,
    select: () => [...connections].filter((connection) => !connection.isEndedByLocal),
    // A local side that is not read at the moment cannot show its end.
    progress: (connection, look) => (connection.isConnecting || connection.isHeldBack ? look : connection.sent),
  });
  await whileMoving(clock, {
    totalMs: FINISH_TOTAL_MS,
    idleLooks: FINISH_IDLE_LOOKS,
    select: () => [...unsettled].filter((connection) => connection.isEndedByLocal),
    progress: (connection) => connection.bytes,
  });
}

/** Until no connection is selected, or none moved during `idleLooks`, or `totalMs` have passed. */
async function whileMoving(clock: Clock, { totalMs, idleLooks, select, progress }: Wait): Promise<void> {
  const end = clock.now().getTime() + totalMs;
  let last = -1;
  let idle = 0;
  for (let look = 1; clock.now().getTime() < end && idle < idleLooks; look++) {
    const waiting = select();
    if (waiting.length === 0) return;
    const moved = waiting.reduce((sum, connection) => sum + progress(connection, look), 0);
    idle = moved === last ? idle + 1 : 0;
    last = moved;
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}
