import { SCOPE, type Resource } from '../core/resource';
import { authTokens as presenter } from '../output/auth-tokens';

export const authTokens = {
  singular: 'auth token',
  plural: 'auth tokens',
  message: 'AuthToken',
  messages: 'AuthTokens',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/auth_tokens')).AuthTokenServiceDefinition,
} satisfies Resource;
