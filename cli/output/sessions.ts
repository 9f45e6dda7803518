import type { AsJson } from '../../lib/rpc/as-json';
import type { Connection, Session, SessionState } from '../../proto/gen/api/sessions';
import { formatAddress } from '../../lib/config/address';
import { actionsSection, itemTable, recordsSection, scopeSection, time, type Fields, type Presenter } from './table';

export const sessions: Presenter<AsJson<Session>> = {
  list: {
    title: 'Session',
    none: 'No sessions found',
    fields: (session) => ({
      Status: session.status,
      'Created Time': time(session.created_time),
      'Expiration Time': time(session.expiration_time),
      'Updated Time': time(session.updated_time),
      'User ID': session.user_id,
      'Target ID': session.target_id,
    }),
  },
  item: (session) =>
    itemTable('Session', mainFields(session), [
      scopeSection(session),
      actionsSection(session),
      recordsSection('States:', session.states?.map(stateFields)),
      recordsSection('Connections:', session.connections?.map(connectionFields)),
    ]),
};

const mainFields = (session: AsJson<Session>): Fields => ({
  'Auth Token ID': session.auth_token_id,
  // Told when it was somebody else.
  'Canceled By': session.canceled_by === session.user_id ? undefined : session.canceled_by,
  'Connections Open': used(session.connections_open, session.concurrent_connection_limit),
  'Connections Used': used(session.connections_used, session.connection_limit),
  'Created Time': time(session.created_time),
  Endpoint: session.endpoint,
  'Expiration Time': time(session.expiration_time),
  'Host ID': session.host_id,
  'Host Set ID': session.host_set_id,
  ID: session.id,
  Status: session.status,
  'Target ID': session.target_id,
  'Termination Reason': session.termination_reason,
  Type: session.type,
  'Updated Time': time(session.updated_time),
  'User ID': session.user_id,
  Version: session.version,
});

const stateFields = (state: AsJson<SessionState>): Fields => ({
  'End Time': time(state.end_time),
  'Start Time': time(state.start_time),
  Status: state.status,
});

const connectionFields = (connection: AsJson<Connection>): Fields => ({
  'Bytes Down': connection.bytes_down ?? 0,
  'Bytes Up': connection.bytes_up ?? 0,
  'Client Address': address(connection.client_tcp_address, connection.client_tcp_port),
  'Closed Reason': connection.closed_reason,
  'Closed By': connection.closed_by,
  Cause: connection.cause,
  Error: connection.error,
  'Connect Latency': milliseconds(connection.connect_latency_us),
  // No longer than the address, which is the longest label of clients that came before.
  'First Byte After': milliseconds(connection.first_byte_latency_us),
  'Endpoint Address': address(connection.endpoint_tcp_address, connection.endpoint_tcp_port),
});

/** Of a limited session. */
const used = (count: number | undefined, limit: number | undefined): string | undefined =>
  limit === undefined ? undefined : `${count ?? 0} of ${limit}`;

const milliseconds = (micros: number | undefined): string | undefined =>
  micros === undefined ? undefined : `${(micros / 1_000).toFixed(1)} ms`;

function address(host: string | undefined, port: number | undefined): string | undefined {
  if (host === undefined) return undefined;
  return formatAddress({ host, port: port ?? 0 });
}
