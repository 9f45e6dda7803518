import { SCOPE, type Resource } from '../core/resource';
import { sessions as presenter } from '../output/sessions';

export const sessions = {
  singular: 'session',
  plural: 'sessions',
  message: 'Session',
  messages: 'Sessions',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/sessions')).SessionServiceDefinition,
} satisfies Resource;
