/** Connections of sessions: why they end, and why one is refused. */
import type { Cause, ClosedBy, Refusal } from '../../../lib/contract/endings';

export type SessionStatus = 'pending' | 'active' | 'canceling' | 'terminated';

/** Boundary's vocabulary, which clients may depend on; `unknown` does not occur. */
export type ClosedReason =
  'timed out' | 'closed by end-user' | 'closed by endpoint' | 'canceled' | 'network error' | 'system error';

/** `undefined`: the reason depends on which end it was. */
const REASONS: Readonly<Record<Cause, ClosedReason | undefined>> = {
  fin: undefined,
  rst: undefined,
  'dial refused': 'network error',
  'dial timeout': 'network error',
  'dial unreachable': 'network error',
  'name not found': 'network error',
  'client lost': 'network error',
  'endpoint lost': 'network error',
  'protocol error': 'network error',
  'idle timeout': 'timed out',
  expired: 'timed out',
  canceled: 'canceled',
  'worker drain': 'system error',
  'worker lost': 'system error',
  'controller unreachable': 'system error',
};

/** `closed_reason` of a connection that ended for `cause`. */
export function closedReason(closedBy: ClosedBy, cause: Cause): ClosedReason {
  return REASONS[cause] ?? (closedBy === 'endpoint' ? 'closed by endpoint' : 'closed by end-user');
}

/** A connection as reads of its session show it; from JSON, so 64-bit numbers are text. */
export interface ConnectionRow {
  client_address: string;
  client_port: number;
  endpoint_address: string | null;
  endpoint_port: number | null;
  bytes_up: string;
  bytes_down: string;
  closed_reason: ClosedReason | null;
  closed_by: ClosedBy | null;
  cause: Cause | null;
  error: string | null;
  connect_latency_us: number | null;
  first_byte_latency_us: number | null;
}

export const shownConnection = (connection: ConnectionRow) => ({
  client_tcp_address: connection.client_address,
  client_tcp_port: connection.client_port,
  endpoint_tcp_address: connection.endpoint_address ?? '',
  endpoint_tcp_port: connection.endpoint_port ?? 0,
  bytes_up: BigInt(connection.bytes_up),
  bytes_down: BigInt(connection.bytes_down),
  closed_reason: connection.closed_reason ?? '',
  closed_by: connection.closed_by ?? '',
  cause: connection.cause ?? '',
  error: connection.error ?? '',
  connect_latency_us: connection.connect_latency_us ?? undefined,
  first_byte_latency_us: connection.first_byte_latency_us ?? undefined,
});

/** What a refused request saw of its session. */
export interface RefusedView {
  status: SessionStatus | null;
  termination_reason: string | null;
  expired: boolean;
  tofu_matches: boolean;
  made: number;
  open: number;
  connection_limit: number;
  concurrent_connection_limit: number;
}

/**
 * Why a connection was refused; undefined when the row shows no reason, because it changed in
 * between.
 */
export function refusalOf(view: RefusedView): Refusal | undefined {
  if (view.status === null) return 'session not found';
  const ended = endedRefusal(view.status, view.termination_reason, view.expired);
  if (ended !== undefined) return ended;
  if (!view.tofu_matches) return 'tofu token not allowed';
  if (view.connection_limit !== -1 && view.made >= view.connection_limit) return 'connection limit';
  if (view.concurrent_connection_limit !== -1 && view.open >= view.concurrent_connection_limit) {
    return 'concurrent connection limit';
  }
  return undefined;
}

/** Why a session takes no more connections; undefined while it does. */
export function endedRefusal(status: SessionStatus, reason: string | null, expired: boolean): Refusal | undefined {
  if (status === 'canceling' || reason === 'canceled' || reason === 'access revoked') return 'canceled';
  if (reason === 'timed out' || expired) return 'expired';
  if (reason === 'connection limit') return 'connection limit';
  return status === 'terminated' ? 'session ended' : undefined;
}
