import { SCOPE, type Resource } from '../core/resource';
import { authMethods as presenter } from '../output/auth-methods';

export const authMethods = {
  singular: 'auth method',
  plural: 'auth methods',
  message: 'AuthMethod',
  messages: 'AuthMethods',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/auth_methods')).AuthMethodServiceDefinition,
} satisfies Resource;
