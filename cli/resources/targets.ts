import { SCOPE, type Resource } from '../core/resource';
import { targets as presenter } from '../output/targets';

export const targets = {
  singular: 'target',
  plural: 'targets',
  message: 'Target',
  messages: 'Targets',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/targets')).TargetServiceDefinition,
} satisfies Resource;
