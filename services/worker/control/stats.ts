/** Reports the cumulative byte counts of connections to controllers. */
import type { ConnectionStat } from '../../../proto/gen/worker/control';
import type { WorkerSession } from '../sessions/registry';
import type { LiveConnection } from '../sessions/types';

const MAX_STATS_PER_MESSAGE = 1_000;

export class Stats {
  private readonly reported = new WeakMap<LiveConnection, { up: number; down: number }>();

  constructor(private readonly sessions: () => Iterable<WorkerSession>) {}

  /** Counts that changed since the last call, in messages. */
  *changed(): Generator<ConnectionStat[]> {
    let stats: ConnectionStat[] = [];
    for (const session of this.sessions()) {
      for (const connection of session.connections.values()) {
        const stat = connection.isAuthorized ? this.changeOf(connection) : undefined;
        if (stat === undefined) continue;
        stats.push(stat);
        if (stats.length < MAX_STATS_PER_MESSAGE) continue;
        yield stats;
        stats = [];
      }
    }
    if (stats.length > 0) yield stats;
  }

  private changeOf(connection: LiveConnection): ConnectionStat | undefined {
    const { bytesUp, bytesDown } = connection.counts();
    const before = this.reported.get(connection);
    if (before?.up === bytesUp && before.down === bytesDown) return undefined;
    this.reported.set(connection, { up: bytesUp, down: bytesDown });
    return statOf(connection);
  }
}

export function statOf(connection: LiveConnection): ConnectionStat {
  const { bytesUp, bytesDown, endpoint } = connection.counts();
  return {
    connection_id: connection.id,
    bytes_up: BigInt(bytesUp),
    bytes_down: BigInt(bytesDown),
    endpoint_address: endpoint?.address ?? '',
    endpoint_port: endpoint?.port ?? 0,
  };
}
