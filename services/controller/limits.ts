/** Limits that the `limits` block of a controller's configuration can change. Fixed limits stand where they hold. */
import { limitTable } from '../../lib/limits/limit';
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
});

export type ControllerLimits = ReturnType<typeof CONTROLLER_LIMITS.defaults>;
