import { SCOPE, type Resource } from '../core/resource';
import { scopes as presenter } from '../output/scopes';

export const scopes = {
  singular: 'scope',
  plural: 'scopes',
  message: 'Scope',
  messages: 'Scopes',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/scopes')).ScopeServiceDefinition,
} satisfies Resource;
