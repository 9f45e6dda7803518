/**
 * Sessions: a user's right to make connections to one endpoint until it expires or is canceled.
 *
 *   pending ──▶ active ──▶ canceling ──▶ terminated
 *
 * A session is active from its first connection on. Any state may be left out, none comes back; the
 * schema enforces it. `terminated` comes with a reason and only once no connection is open, at most
 * {@link TERMINATION_DELAY_MS} after cancel or expiry: connections that no worker has confirmed
 * closed by then count as lost.
 */
import { formatAddress, unbracketed } from '../../../lib/config/address';
import type { ClosedBy } from '../../../lib/contract/endings';
import { prefixOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { scopeInfo, type ScopeOfRow } from '../resources/rows';
import { shownConnection, type ConnectionRow, type SessionStatus } from './connections';

export type TerminationReason = 'timed out' | 'canceled' | 'connection limit' | 'access revoked';
/** The role in which somebody ended a session; workers tell it to clients as `closed_by`. */
export type EndedBy = Extract<ClosedBy, 'admin' | 'client' | 'policy' | 'controller'>;

export const SESSION_PREFIX = prefixOf('session', 'session');
export const SESSION_ACTIONS = idActions('session');

/** How long after cancel or expiry a session waits for workers to confirm its closes. */
export const TERMINATION_DELAY_MS = 8_000;
/** How long ended sessions are kept. */
export const RETENTION_MS = 30 * 24 * 3_600_000;

export interface StateRow {
  status: SessionStatus;
  start_time: string;
  end_time: string | null;
}

/** A session as reads and lists show it. */
export interface SessionRow {
  id: string;
  scope_id: string | null;
  /** Null once its project is deleted. */
  scope: ScopeOfRow | null;
  target_id: string | null;
  user_id: string | null;
  auth_token_id: string | null;
  host_id: string | null;
  host_set_id: string | null;
  type: string;
  endpoint: string;
  certificate: Buffer;
  expiration_time: Date;
  status: SessionStatus;
  termination_reason: TerminationReason | null;
  canceled_by: string | null;
  /** -1 is no limit. */
  connection_limit: number;
  made: number;
  /** -1 is no limit. */
  concurrent_connection_limit: number;
  open: number;
  created_time: Date;
  updated_time: Date;
  version: number;
  /** Newest first. */
  states: StateRow[];
  /** Newest first; only in reads of one session. */
  connections?: ConnectionRow[];
}

/** Whether it can still be used or canceled. */
export const isLive = (status: SessionStatus): boolean => status === 'pending' || status === 'active';

/**
 * The session as a resource to authorize. A session whose project is gone is in no scope, so no
 * grant reaches it.
 */
export const sessionResource = (session: SessionRow): Item<'session'> => ({
  type: 'session',
  id: session.id,
  scopeId: session.scope?.id ?? '',
  parentScopeId: session.scope?.parent_scope_id,
});

/** The session as the API shows it. */
export const sessionItem = (session: SessionRow) => ({
  id: session.id,
  target_id: session.target_id ?? '',
  scope: session.scope === null ? undefined : scopeInfo(session.scope),
  created_time: session.created_time,
  updated_time: session.updated_time,
  version: session.version,
  type: session.type,
  expiration_time: session.expiration_time,
  auth_token_id: session.auth_token_id ?? '',
  user_id: session.user_id ?? '',
  host_set_id: session.host_set_id ?? '',
  host_id: session.host_id ?? '',
  scope_id: session.scope_id ?? '',
  endpoint: session.endpoint,
  states: session.states.map((state) => ({
    status: state.status,
    start_time: new Date(state.start_time),
    end_time: state.end_time === null ? undefined : new Date(state.end_time),
  })),
  status: session.status,
  certificate: session.certificate,
  termination_reason: session.termination_reason ?? '',
  canceled_by: session.canceled_by ?? '',
  ...(session.connection_limit === -1
    ? {}
    : { connection_limit: session.connection_limit, connections_used: session.made }),
  ...(session.concurrent_connection_limit === -1
    ? {}
    : { concurrent_connection_limit: session.concurrent_connection_limit, connections_open: session.open }),
  connections: (session.connections ?? []).map(shownConnection),
});

/** URL of an endpoint; IPv6 addresses in brackets. */
export const endpointUrl = (type: string, host: string, port: number): string =>
  `${type}://${formatAddress({ host: unbracketed(host), port })}`;
