import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

interface Counting<L extends string> {
  inc(labels: Record<L, string>, amount?: number): void;
}

/** What the proxy counts. Labels are from closed lists, never ids or addresses. */
export interface ProxyMetrics {
  /** Sockets turned away before a session was established, by reason. */
  refusedSockets: Counting<'reason'>;
  openConnections: { inc(): void; dec(): void };
  closedConnections: Counting<'cause'>;
  refusedConnections: Counting<'cause'>;
  bytes: Counting<'direction'>;
  connectSeconds: { observe(seconds: number): void };
}

export function createProxyMetrics(registry: Registry): ProxyMetrics {
  const registers = [registry];
  const prefix = 'sallyport_worker_proxy';
  return {
    refusedSockets: new Counter({
      name: `${prefix}_refused_sockets_total`,
      help: 'Sockets turned away before a session was established.',
      labelNames: ['reason'],
      registers,
    }),
    openConnections: new Gauge({ name: `${prefix}_open_connections`, help: 'Connections being relayed.', registers }),
    closedConnections: new Counter({
      name: `${prefix}_closed_connections_total`,
      help: 'Connections that the controller had allowed and that have closed.',
      labelNames: ['cause'],
      registers,
    }),
    refusedConnections: new Counter({
      name: `${prefix}_refused_connections_total`,
      help: 'Connections that were not allowed.',
      labelNames: ['cause'],
      registers,
    }),
    bytes: new Counter({
      name: `${prefix}_bytes_total`,
      help: 'Payload bytes of closed connections.',
      labelNames: ['direction'],
      registers,
    }),
    connectSeconds: new Histogram({
      name: `${prefix}_connect_seconds`,
      help: 'From CONNECT to CONNECT_OK.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  };
}
