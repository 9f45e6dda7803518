import { SCOPE, type Resource } from '../core/resource';
import { policies as presenter } from '../output/policies';

export const policies = {
  singular: 'policy',
  plural: 'policies',
  message: 'Policy',
  messages: 'Policies',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/policies')).PolicyServiceDefinition,
} satisfies Resource;
