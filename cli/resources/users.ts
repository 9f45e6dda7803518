import { SCOPE, type Resource } from '../core/resource';
import { users as presenter } from '../output/users';

export const users = {
  singular: 'user',
  plural: 'users',
  message: 'User',
  messages: 'Users',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/users')).UserServiceDefinition,
} satisfies Resource;
