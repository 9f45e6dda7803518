import { SCOPE, type Resource } from '../core/resource';
import { workers as presenter } from '../output/workers';

export const workers = {
  singular: 'worker',
  plural: 'workers',
  message: 'Worker',
  messages: 'Workers',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/workers')).WorkerServiceDefinition,
} satisfies Resource;
