/** Numbers whose names say that they are limits, and that are not declared with `limit(…)`. */
import { isTest, read, sourceFiles } from './tree';

const NAME = /(?:^|_)(?:MAX|LIMIT|LONGEST|LARGEST|TIMEOUT_MS|DEADLINE_MS)(?:_|$)|^MAX|_TIMEOUT$/;
const CONSTANT = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? =\s*([^;]*)/gm;
/** Digits and arithmetic; names of other constants as well. */
const NUMERIC = /^[\d_xa-fA-FA-Z\s*+/().<>-]+$/;

/** `path: NAME`, in the order of the tree. */
export function undeclaredLimits(): string[] {
  return sourceFiles()
    .filter((file) => /^(lib|services|cli)\//.test(file) && !isTest(file) && !/^cli\/testing\//.test(file))
    .flatMap((file) =>
      [...read(file).matchAll(CONSTANT)]
        .filter(([, name = '', value = '']) => NAME.test(name) && NUMERIC.test(value))
        .map(([, name = '']) => `${file}: ${name}`),
    );
}

/** Why they are not, and which. */
export const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'Set by a protocol, a number format or the system, not by us.': [
    'cli/cache/daemon.ts: MAX_SOCKET_PATH',
    'services/server/config-worker.ts: MAX_SOCKET_DIRECTORY',
    'cli/connect/writers/mysql-options.ts: MAX_LINE_BYTES',
    'cli/connect/writers/words.ts: MAX_WORD_BYTES',
    'lib/clock/clock.ts: MAX_TIMEOUT_MS',
    'lib/contract/numbers.ts: MAX_INT4',
    'lib/contract/numbers.ts: MAX_PORT',
    'lib/transport/frames.ts: MAX_DATA_BYTES',
    'lib/transport/websocket-frames.ts: MAX_CONTROL_BYTES',
    'lib/transport/websocket-frames.ts: MAX_HEADER_BYTES',
    'services/controller/resources/attributes.ts: MAX_NUMBER',
    'services/controller/resources/list-page.ts: MAX_COUNT',
  ],
  'What the configuration file or a flag takes, or their defaults: whoever writes it runs the program.': [
    'cli/cache/search.ts: MAX_RESULTS',
    'services/controller/db/db.ts: DEFAULT_MAX_CONNECTIONS',
    'services/controller/init/init.store.ts: DEFAULT_SESSION_MAX_SECONDS',
    'services/controller/rpc/rate-limit.ts: DEFAULT_MAX_QUOTAS',
    'services/controller/targets/targets.ts: DEFAULT_SESSION_MAX_SECONDS',
    'services/server/config-controller.ts: MAX_CONNECTIONS',
    'services/server/config-controller.ts: MAX_PAGE_SIZE',
    'services/server/config-controller.ts: MAX_HASH_WORKERS',
    'services/server/config-listeners.ts: MAX_REQUEST_BYTES',
    'services/server/config-listeners.ts: MAX_HOPS',
    'services/server/config-rate-limits.ts: MAX_LIMIT',
    'services/server/config-rate-limits.ts: MAX_QUOTAS',
    'services/server/config.ts: DEFAULT_DRAIN_TIMEOUT_MS',
  ],
  'Pieces of work that goes on behind it: nothing is refused or lost.': [
    'lib/transport/reader.ts: MAX_RESTS',
    'lib/transport/write-queue.ts: MAX_ENDED',
    'services/controller/control/reports.ts: MAX_BATCH',
    'services/controller/kms/destruction.ts: MAX_BATCHES',
    'services/controller/resources/list-extent.ts: MAX_MERGED_SCOPES',
    'services/controller/sessions/access-review.ts: MAX_BATCHES',
    'services/controller/targets/authorize-session.ts: MAX_ATTEMPTS',
    'services/controller/db/db.ts: MAX_ATTEMPTS',
    'services/controller/tasks/session-tasks.ts: MAX_BATCHES',
    'services/worker/control/stats.ts: MAX_STATS_PER_MESSAGE',
  ],
  'Sizes of caches: what falls out is made anew.': [
    'lib/transport/slabs.ts: MAX_FREE',
    'services/controller/authz/access-cache.ts: MAX_SHARED',
    'services/controller/authz/access-cache.ts: MAX_SHARED_LENGTH',
    'services/controller/authz/access.ts: MAX_INDEXES',
    'services/controller/authz/authorizer.ts: MAX_TOKEN_USERS',
    'services/controller/kms/kms.ts: MAX_CACHED_KEYS',
  ],
  'How much an answer repeats of what was wrong.': [
    'lib/text/nearest.ts: MAX_DISTANCE',
    'services/controller/gateway/to-message.ts: MAX_ERRORS',
    'services/controller/gateway/update-mask.ts: MAX_UNKNOWN_SHOWN',
    'services/controller/gateway/update-mask.ts: MAX_NAME_SHOWN',
  ],
  'The form of the API, or of an identifier.': [
    'lib/ids/base58.ts: MAX_BASE58_LENGTH',
    'services/controller/gateway/cors.ts: MAX_AGE',
    'services/controller/gateway/routes.ts: MAX_SEGMENTS',
    'services/controller/rpc/request-size.ts: MAX_MESSAGES',
  ],
  'How long parts of one deployment wait for each other, or a program for one that it started: they try again.': [
    'services/controller/control/control.store.ts: LONGEST_LEASE_MS',
    'services/controller/control/lease.ts: LONGEST_PAUSE_MS',
    'services/controller/db/db.ts: CONNECT_TIMEOUT_MS',
    'services/controller/listeners/ops-listener.ts: PROBE_TIMEOUT_MS',
    'services/dev/embedded-postgres.ts: READY_TIMEOUT_MS',
    'services/dev/embedded-postgres.ts: STOP_TIMEOUT_MS',
    'services/server/child-worker.ts: START_TIMEOUT_MS',
    'services/server/child-worker.ts: STOP_TIMEOUT_MS',
    'services/server/successor.ts: READY_TIMEOUT_MS',
    'services/server/worker-process.ts: ORPHAN_TIMEOUT_MS',
    'services/worker/control/control-client.ts: MAX_RETRY_MS',
    'services/worker/control/control-stream.ts: WELCOME_TIMEOUT_MS',
    'services/worker/control/control-stream.ts: REQUEST_TIMEOUT_MS',
    'services/worker/control/enroll.ts: ENROLL_TIMEOUT_MS',
    'services/worker/control/registration.ts: TIMEOUT_MS',
    'services/worker/control/upstream.ts: CONNECT_TIMEOUT_MS',
    'services/worker/data/data-fleet.ts: MAX_RETRY_MS',
    'services/worker/data/launch.ts: START_TIMEOUT_MS',
    'services/worker/data/remote-process.ts: HELLO_TIMEOUT_MS',
    'services/worker/proxy/dial.ts: ATTEMPT_TIMEOUT_MS',
  ],
  'What the command line bears of its own user and of the servers that he chose: it ends with an error.': [
    'cli/cache/cache.ts: MAX_USERS',
    'cli/cache/client.ts: TIMEOUT_MS',
    'cli/cache/client.ts: MAX_ANSWER_BYTES',
    'cli/cache/copy.ts: MAX_ITEMS',
    'cli/cache/copy.ts: MAX_PAGES',
    'cli/cache/daemon.ts: MAX_BODY_BYTES',
    'cli/cache/log.ts: MAX_BYTES',
    'cli/cache/user.ts: MAX_TOKENS',
    'cli/connect/session-token.ts: MAX_INPUT',
    'cli/core/builders.ts: MAX_PAGES',
    'cli/core/client.ts: DEFAULT_TIMEOUT_MS',
    'cli/core/keyring/pass.ts: TIMEOUT_MS',
    'cli/login/login-oidc.ts: MAX_POLLS',
    'cli/io/prompt.ts: MAX_ANSWER',
    'cli/connect/listener/attempts.ts: ANSWER_TIMEOUT_MS',
    'cli/connect/listener/boundary-transport.ts: UPGRADE_TIMEOUT_MS',
    'cli/connect/listener/boundary-transport.ts: MAX_RESULT_BYTES',
    'cli/connect/listener/end-session.ts: END_TIMEOUT_MS',
    'cli/connect/listener/worker-dial.ts: DIAL_TIMEOUT_MS',
    'cli/resources/recording-files.ts: MAX_NAMES',
    'lib/rpc/channel.ts: MAX_ANSWER_BYTES',
  ],
  'What a worker that is enrolled may say; the certificate stands before it, and what is longer is cut.': [
    'services/controller/control/attachment.ts: HELLO_TIMEOUT_MS',
    'services/controller/control/hello.ts: MAX_ADDRESS',
    'services/controller/control/hello.ts: MAX_RELEASE',
    'services/controller/control/hello.ts: MAX_BOOT_ID',
    'services/controller/control/hello.ts: MAX_DRAINING',
    'services/controller/control/reports.ts: MAX_ERROR',
    'services/controller/control/reports.ts: MAX_ADDRESS',
    'services/controller/control/reports.ts: MAX_ID',
    'services/controller/control/requests.ts: MAX_ADDRESS',
    'lib/contract/session-protocol.ts: MAX_CONTROL_MESSAGE_BYTES',
  ],
  'What somebody may do who already has a session: its own connection is closed.': [
    'lib/transport/transport.ts: MAX_PONG_BACKLOG_BYTES',
    'services/worker/proxy/boundary-transport.ts: MAX_HANDSHAKE_BYTES',
    'services/worker/proxy/boundary-upgrade.ts: REQUEST_DEADLINE_MS',
    'services/worker/proxy/sallyport-protocol.ts: FIRST_FRAME_DEADLINE_MS',
  ],
  'A second bound behind a declared one.': ['services/controller/rpc/grpc-server.ts: MAX_RESPONSE_BYTES'],
};
