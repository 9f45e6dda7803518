import { boolean, integer, seconds, unsigned, workerFilter, type Field } from '../core/fields';

const CLEAR = 'The word null clears it.';

const field = (
  name: string,
  path: string,
  description: string,
  parse?: (text: string) => unknown,
  hint?: string,
): Field => ({
  flag: { name, type: 'string', description: `${description} ${CLEAR}`, ...(hint === undefined ? {} : { hint }) },
  path,
  ...(parse === undefined ? {} : { parse }),
});

export const TCP: Field[] = [
  field('address', 'address', 'Host to connect to, instead of host sources. IP address or DNS name without a port.'),
  field('default-port', 'attributes.default_port', 'Port to connect to.', unsigned, 'uint'),
  field(
    'default-client-port',
    'attributes.default_client_port',
    'Port that clients listen on when they are told no other.',
    unsigned,
    'uint',
  ),
  field(
    'session-max-seconds',
    'session_max_seconds',
    'Longest life of a session: seconds, or a duration as 8h.',
    seconds,
  ),
  field(
    'session-connection-limit',
    'session_connection_limit',
    'Connections that one session may make in all; -1 for no limit.',
    integer,
    'int',
  ),
  field(
    'session-concurrent-connection-limit',
    'session_concurrent_connection_limit',
    'Connections that one session may have open at a time; -1 for no limit.',
    integer,
    'int',
  ),
  field(
    'offline-grace-seconds',
    'offline_grace_seconds',
    'How long connections go on while no controller can be reached: seconds, or a duration; 0 cuts at once.',
    seconds,
  ),
  field(
    'end-sessions-on-token-expiry',
    'end_sessions_on_token_expiry',
    'Whether sessions end with the auth token that opened them: true or false.',
    boolean,
  ),
  field('egress-worker-filter', 'egress_worker_filter', 'Workers that may connect to the target.', workerFilter),
  field('ingress-worker-filter', 'ingress_worker_filter', 'Workers that clients may connect to.', workerFilter),
];

/** Of old targets only. */
export const WORKER_FILTER: Field = field(
  'worker-filter',
  'worker_filter',
  'Deprecated, use -egress-worker-filter and -ingress-worker-filter.',
  workerFilter,
);

/**
 * Flags of targets that can be recorded. This edition has none: the controller refuses their types.
 */
export const RECORDED: Field[] = [
  ...TCP,
  field(
    'enable-session-recording',
    'attributes.enable_session_recording',
    'Whether sessions are recorded: true or false.',
    boolean,
  ),
  field('storage-bucket-id', 'attributes.storage_bucket_id', 'Id of the storage bucket for recordings.'),
];
