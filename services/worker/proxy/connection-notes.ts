/** Writes the log lines and metrics about the connections of a worker. */
import type { Logger } from '../../../lib/log/log';
import type { ClosedConnection } from '../sessions/types';
import type { ProxyMetrics } from './metrics';

interface Notes {
  log: Logger;
  metrics: ProxyMetrics;
}

interface Client {
  address: string;
  port: number;
}

/** An allowed connection is over. */
export function noteClosed({ log, metrics }: Notes, closed: ClosedConnection, client: Client): void {
  metrics.openConnections.dec();
  metrics.closedConnections.inc({ cause: closed.cause });
  metrics.bytes.inc({ direction: 'up' }, closed.bytesUp);
  metrics.bytes.inc({ direction: 'down' }, closed.bytesDown);
  const line = {
    session_id: closed.sessionId,
    connection_id: closed.connectionId,
    closed_by: closed.closedBy,
    cause: closed.cause,
    error: closed.error,
    bytes_up: closed.bytesUp,
    bytes_down: closed.bytesDown,
    connect_latency_us: closed.connectLatencyUs,
    first_byte_latency_us: closed.firstByteLatencyUs,
    client_address: client.address,
    client_port: client.port,
    endpoint_address: closed.endpoint?.address,
    endpoint_port: closed.endpoint?.port,
  };
  log.info(line, 'connection closed');
}

/** A connection was not allowed; nothing is recorded for it. */
export function noteRefused(
  { log, metrics }: Notes,
  refused: { sessionId: string; cause: string; closedBy: string },
  client: Client,
): void {
  metrics.refusedConnections.inc({ cause: refused.cause });
  const { sessionId: session_id, cause, closedBy: refused_by } = refused;
  const line = { session_id, cause, refused_by, client_address: client.address, client_port: client.port };
  log.info(line, 'connection refused');
}
