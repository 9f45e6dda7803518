import { SCOPE, type Resource } from '../core/resource';
import { roles as presenter } from '../output/roles';

export const roles = {
  singular: 'role',
  plural: 'roles',
  message: 'Role',
  messages: 'Roles',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/roles')).RoleServiceDefinition,
} satisfies Resource;
