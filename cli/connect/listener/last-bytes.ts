/**
 * What a closing proxy waits for. Bytes whose sender has already closed must arrive, as long as
 * they move. A local client may have closed with bytes that are not read yet: while bytes are still
 * read from it, it has a short time to show its end.
 */
import type { Clock } from '../../../lib/clock/clock';
import type { ProxiedConnection } from './proxied-connection';

/**
 * How long to wait for ended connections to finish while bytes still move; how many looks while
 * none do.
 */
const FINISH_TOTAL_MS = 30_000;
const FINISH_IDLE_LOOKS = 100;
/**
 * Between two looks, ms. Idleness is counted in looks and not in time: after each look, everything
 * that the system had for this process has been read, however long the process had to wait for its
 * turn.
 */
const LOOK_MS = 10;
/**
 * How long to go on reading from local clients that have not ended and still send, and the number
 * of looks while they do not.
 */
const READ_UP_TOTAL_MS = 3_000;
const READ_UP_IDLE_LOOKS = 5;

interface Wait {
  totalMs: number;
  idleLooks: number;
  select(): ProxiedConnection[];
  /** A number that grows while the connection moves, at the given look. */
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

/**
 * Waits until no connection is selected, none has moved during `idleLooks`, or `totalMs` have
 * passed.
 */
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
