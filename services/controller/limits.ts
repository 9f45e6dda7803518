/**
 * Limits that the `limits` block of a controller's configuration can change. Fixed limits stand
 * where they hold.
 */
import { limitTable } from '../../lib/limits/limit';
import { PORT_LIMITS } from './port-limits';
import { SHAPE_LIMITS } from './shape-limits';

export const CONTROLLER_LIMITS = limitTable('controller.limits', {
  request_work: {
    what: 'work of one request: filters, patterns and decisions on all the items that it looks at',
    unit: 'steps',
    value: 300_000_000,
    min: 1_000_000,
    max: 10_000_000_000,
    reached: '429, naming this key; the remedy is a simpler filter or a narrower list',
    test: 'services/controller/rpc/pipeline.test.ts: a request that needs more work than it may cost is refused',
  },
  ...SHAPE_LIMITS,
  ...PORT_LIMITS,
  api_requests: {
    what: 'requests under way at once: of users who are logged in, and again of everybody else',
    unit: 'requests',
    value: 128,
    max: 100_000,
    reached: 'further requests wait; turns go round users, and addresses of those who are not logged in',
    test: 'services/controller/rpc/pipeline.test.ts: strangers take no turns of users who are logged in',
  },
  api_requests_per_caller: {
    what: 'requests under way of one user, or of one address that is not logged in',
    unit: 'requests',
    value: 2,
    max: 100_000,
    reached: 'further requests of the caller wait',
    test: 'services/controller/rpc/pipeline.test.ts: a flood of one user does not hold up another',
  },
  api_requests_waiting: {
    what: 'requests that wait: of users who are logged in, and again of everybody else',
    unit: 'requests',
    value: 4_096,
    max: 1_000_000,
    reached: '429, naming this key, for the latest request of the caller with the most; the remedy is to send fewer',
    test: 'services/controller/rpc/pipeline.test.ts: of a full queue the heaviest caller gives up its latest place',
  },
  api_requests_waiting_per_caller: {
    what: 'requests that wait of one user, or of one address that is not logged in',
    unit: 'requests',
    value: 512,
    max: 1_000_000,
    reached: '429, naming this key; the remedy is to wait for answers before sending more',
    test: 'services/controller/rpc/pipeline.test.ts: a caller with too much waiting is refused',
  },
  sessions_pending_per_user: {
    what: 'sessions of one user that nobody has connected to yet',
    unit: 'sessions',
    value: 1_000,
    max: 1_000_000,
    reached: '429, naming this key; the remedy is to connect to some, to cancel some, or to wait until they expire',
    test: 'services/controller/sessions/session-limits.test.ts: fifty writers at once get exactly as many pending sessions',
  },
  sessions_live_per_user: {
    what: 'sessions of one user that have not ended',
    unit: 'sessions',
    value: 10_000,
    max: 1_000_000,
    reached: '429, naming this key; the remedy is to cancel some, or to wait until they expire',
    test: 'services/controller/sessions/session-limits.test.ts: live sessions of a user',
  },
  sessions_pending_per_target: {
    what: 'sessions of one target that nobody has connected to yet; that of ten users',
    unit: 'sessions',
    value: 10_000,
    max: 10_000_000,
    reached: '429, naming this key; each further controller may exceed it by a 64th',
    test: 'services/controller/sessions/session-limits.test.ts: pending sessions of a target',
  },
  sessions_live_per_target: {
    what: 'sessions of one target that have not ended; that of five users',
    unit: 'sessions',
    value: 50_000,
    max: 10_000_000,
    reached: '429, naming this key; each further controller may exceed it by a 64th',
    test: 'services/controller/sessions/session-limits.test.ts: live sessions of a target',
  },
  sessions_live_per_worker: {
    what: 'sessions that have not ended and that one worker may serve: it keeps the grant of each, about 2 KiB',
    unit: 'sessions',
    value: 50_000,
    max: 10_000_000,
    reached:
      'the worker gets no more sessions, and where no other serves them 429, naming this key; each further controller may exceed it by a 64th',
    test: 'services/controller/sessions/session-limits.test.ts: a worker that is full gets no more',
  },
});

export type ControllerLimits = ReturnType<typeof CONTROLLER_LIMITS.defaults>;
