/** What one caller of the cluster port may hold: connections, and bytes of messages. */
import { MAX_CONTROL_MESSAGE_BYTES } from '../../../lib/contract/session-protocol';
import type { StreamsOptions } from '../../../lib/limits/http2-streams';
import { limit } from '../../../lib/limits/limit';
import { PortShares } from '../../../lib/limits/port-shares';
import { ControlServiceService } from '../../../proto/gen/worker/control_service';
import type { ControllerLimits } from '../limits';

/** All ms. */
export interface ClusterTimeouts {
  /** From accept to the end of the TLS handshake. */
  handshake: number;
  /** Life of a connection without a verified certificate: enough to enroll. */
  anonymous: number;
  /** From the first byte of a message to its last. */
  message: number;
  /** How long a worker may leave what was sent to it unread, while nothing moves. */
  answer: number;
  /** How often the last is looked at. */
  check: number;
}

const TEST = 'services/controller/listeners/cluster-listener.test.ts';
const SHARES_TEST = 'services/controller/listeners/cluster-shares.test.ts';

export const CLUSTER_TIMEOUTS: ClusterTimeouts = {
  handshake: limit('handshake at the cluster port', 10_000, {
    what: 'from a connection to the cluster port to the end of its TLS handshake',
    unit: 'ms',
    reached: 'the connection is closed',
    test: `${TEST}: silent, slow and anonymous connections end`,
  }),
  anonymous: limit('time to enroll', 60_000, {
    what: 'life of a connection to the cluster port without a valid certificate of a worker',
    unit: 'ms',
    reached: 'the connection is closed',
    test: `${TEST}: silent, slow and anonymous connections end`,
  }),
  message: limit('message of a worker in time', 60_000, {
    what: 'from the first byte of a message at the cluster port to its last',
    unit: 'ms',
    reached: 'the stream is closed, and the worker attaches anew',
    test: `${SHARES_TEST}: a half-sent message is cut`,
  }),
  answer: limit('message to a worker in time', 60_000, {
    what: 'how long a message to a worker may wait while the worker reads nothing of it',
    unit: 'ms',
    reached: 'the stream is closed, and the worker attaches anew',
    test: `${SHARES_TEST}: a stream that is not read is cut`,
  }),
  check: 5_000,
};

export const MAX_STREAMS = limit('calls of a connection to the cluster port', 16, {
  what: 'calls at once on one connection to the cluster port',
  unit: 'calls',
  reached: 'the client waits before it begins another, as HTTP/2 asks; a stream beyond it is refused',
  test: `${SHARES_TEST}: half-sent enrollments are bounded`,
});
const STRANGERS_MAX_BYTES = limit('request for enrollment', 65_536, {
  what: 'bytes of one request without a valid certificate of a worker',
  unit: 'bytes',
  reached: 'RESOURCE_EXHAUSTED',
  test: `${SHARES_TEST}: a request for enrollment is small`,
});
export const MAX_MESSAGE_BYTES = limit('message of the control protocol', MAX_CONTROL_MESSAGE_BYTES, {
  what: 'one message between a worker and a controller',
  unit: 'bytes',
  reached: 'the stream ends with RESOURCE_EXHAUSTED',
  test: `${SHARES_TEST}: a message beyond the largest ends its stream`,
});

const STRANGER = `Without a valid certificate of a worker a request has at most ${STRANGERS_MAX_BYTES} bytes.`;
const CROWDED =
  'Too many bytes of messages are held for this caller (controller.limits.cluster_bytes_per_worker, ' +
  'cluster_bytes_per_address). Try again.';

export const clusterShares = (limits: ControllerLimits, refused: (reason: string) => void): PortShares =>
  new PortShares({
    port: 'cluster',
    isStanding: true,
    refused,
    limits: () => ({
      anonymousConnections: limits.cluster_anonymous_connections,
      connectionsPerAddress: limits.cluster_connections_per_address,
      knownConnections: limits.cluster_worker_connections,
      connectionsPerHolder: limits.cluster_connections_per_worker,
      anonymousBytes: limits.cluster_anonymous_bytes,
      bytesPerAddress: limits.cluster_bytes_per_address,
      knownBytes: limits.cluster_worker_bytes,
      bytesPerHolder: limits.cluster_bytes_per_worker,
    }),
  });

export const clusterStreams = (
  options: Pick<StreamsOptions, 'shares' | 'refused'> & { timeouts: ClusterTimeouts },
): StreamsOptions => ({
  ...options,
  strangersMax: () => STRANGERS_MAX_BYTES,
  isStreaming: (path) => path === ControlServiceService.attach.path,
  textOf: (why) => (why === 'stranger' ? STRANGER : CROWDED),
  timeouts: () => ({ ...options.timeouts, first: options.timeouts.anonymous }),
});
