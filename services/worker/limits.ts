/** Limits that the `limits` block of a worker's configuration can change. Fixed limits stand where they hold. */
import { limit, limitTable } from '../../lib/limits/limit';

export const WORKER_LIMITS = limitTable('worker.limits', {
  connections: {
    what: 'connections that the worker carries',
    unit: 'connections',
    value: 20_000,
    max: 1_000_000,
    reached: 'a further one is refused as `worker full`; `connect` asks the next worker of the session',
    test: 'test/integration/session-worker-limits.test.ts: a worker that is full refuses, and says so',
  },
  connections_per_session: {
    what: 'connections of one session that the worker carries',
    unit: 'connections',
    value: 2_000,
    max: 1_000_000,
    reached: 'a further one is refused as `worker full`; the remedy is to close one',
    test: 'test/integration/session-worker-limits.test.ts: one session does not take what others need',
  },
});

export type WorkerLimits = ReturnType<typeof WORKER_LIMITS.defaults>;

export const MAX_DATA_PROCESSES = limit('data processes of a worker', 64, {
  what: 'processes of a worker that carry connections (worker.data_processes)',
  unit: 'processes',
  reached: 'the configuration is refused',
  test: 'services/server/config.test.ts: the number of data processes has its limits',
});
