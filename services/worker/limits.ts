/** Limits that the `limits` block of a worker's configuration can change. Fixed limits stand where they hold. */
import { limitTable } from '../../lib/limits/limit';

export const WORKER_LIMITS = limitTable('worker.limits', {});

export type WorkerLimits = ReturnType<typeof WORKER_LIMITS.defaults>;
