/** Limits that the `limits` block of a worker's configuration can change. Fixed limits stand where they hold. */
import { limitTable } from '../../lib/limits/limit';

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
