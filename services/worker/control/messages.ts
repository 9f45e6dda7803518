/** Between the messages of the control stream and the worker's own types. */
import { formatAddress, parseAddress, type HostPort } from '../../../lib/config/address';
import { isClosedBy } from '../../../lib/contract/endings';
import type { CancelSession, ConnectionClosed, SessionGrant } from '../../../proto/gen/worker/control';
import type { ClosedConnection, EgressGrant, SessionEnd } from '../sessions/types';

/** Undefined for grants this release cannot serve, such as routes. */
export function egressGrantOf(grant: SessionGrant): EgressGrant | undefined {
  if (grant.role?.$case !== 'egress') return undefined;
  const egress = grant.role.value;
  const endpoint = endpointOf(egress.endpoint);
  if (!endpoint || egress.private_key.length !== 64) return undefined;
  return {
    sessionId: grant.session_id,
    certificate: egress.certificate,
    privateKey: egress.private_key,
    endpoint,
    connectionLimit: egress.connection_limit,
    offlineGraceMs: egress.offline_grace_seconds === undefined ? undefined : egress.offline_grace_seconds * 1_000,
    expiresInMs: Number(grant.expires_in_ms),
  };
}

/** The other way; `expiresInMs` is what is left now. */
export const grantMessage = (grant: EgressGrant, expiresInMs: number): SessionGrant => ({
  session_id: grant.sessionId,
  role: {
    $case: 'egress',
    value: {
      certificate: grant.certificate,
      private_key: grant.privateKey,
      endpoint: `tcp://${formatAddress(grant.endpoint)}`,
      connection_limit: grant.connectionLimit,
      offline_grace_seconds: grant.offlineGraceMs === undefined ? undefined : grant.offlineGraceMs / 1_000,
    },
  },
  expires_in_ms: BigInt(Math.max(0, Math.round(expiresInMs))),
});

export const sessionEndOf = (cancel: CancelSession): SessionEnd => ({
  cause: cancel.cause || 'canceled',
  closedBy: isClosedBy(cancel.closed_by) ? cancel.closed_by : 'controller',
});

export const cancelMessage = (sessionId: string, { cause, closedBy }: SessionEnd): CancelSession => ({
  session_id: sessionId,
  cause,
  closed_by: closedBy,
});

export function closedMessage(closed: ClosedConnection, bootId: string): Omit<ConnectionClosed, 'sequence'> {
  return {
    session_id: closed.sessionId,
    connection_id: closed.connectionId,
    bytes_up: BigInt(closed.bytesUp),
    bytes_down: BigInt(closed.bytesDown),
    closed_by: closed.closedBy,
    cause: closed.cause,
    error: closed.error ?? '',
    endpoint_address: closed.endpoint?.address ?? '',
    endpoint_port: closed.endpoint?.port ?? 0,
    connect_latency_us: closed.connectLatencyUs,
    first_byte_latency_us: closed.firstByteLatencyUs,
    dial_failed: closed.dialFailed,
    boot_id: bootId,
  };
}

/** Host and port of `tcp://host:port`; IPv6 addresses stand in brackets. */
function endpointOf(text: string): HostPort | undefined {
  const [, rest] = /^[a-z]+:\/\/(.*)$/.exec(text) ?? [];
  const endpoint = rest === undefined ? undefined : parseAddress(rest, 0);
  return endpoint !== undefined && endpoint.port > 0 ? endpoint : undefined;
}
