/**
 * What a data process counts for the metrics of its worker, told to the control process as
 * differences.
 */
import type { ProcessCounts } from '../../../proto/gen/worker/data';
import type { ProxyMetrics } from '../proxy/metrics';

export const REFUSED_SOCKETS = 'refused sockets';
export const REFUSED_CONNECTIONS = 'refused connections';

/** Connections and their bytes are counted by the control process itself, from their records. */
const COUNTED_ELSEWHERE = { inc: () => undefined, dec: () => undefined };

export class ProcessCounter {
  private readonly counts = new Map<string, Map<string, bigint>>();
  private connectSeconds: number[] = [];

  readonly metrics: ProxyMetrics = {
    refusedSockets: { inc: ({ reason }) => this.add(REFUSED_SOCKETS, reason) },
    refusedConnections: { inc: ({ cause }) => this.add(REFUSED_CONNECTIONS, cause) },
    openConnections: COUNTED_ELSEWHERE,
    closedConnections: COUNTED_ELSEWHERE,
    bytes: COUNTED_ELSEWHERE,
    connectSeconds: { observe: (seconds) => void this.connectSeconds.push(seconds) },
  };

  /** What was counted since the last call; undefined when there is nothing to tell. */
  take(): Omit<ProcessCounts, 'request_id'> | undefined {
    if (this.counts.size === 0 && this.connectSeconds.length === 0) return undefined;
    const counts = [...this.counts].flatMap(([name, labels]) =>
      [...labels].map(([label, amount]) => ({ name, label, amount })),
    );
    this.counts.clear();
    return { counts, connect_seconds: this.connectSeconds.splice(0) };
  }

  private add(name: string, label: string): void {
    const labels = this.counts.get(name) ?? new Map<string, bigint>();
    this.counts.set(name, labels);
    labels.set(label, (labels.get(label) ?? 0n) + 1n);
  }
}
