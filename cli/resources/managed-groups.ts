import { AUTH_METHOD, type Resource } from '../core/resource';
import { managedGroups as presenter } from '../output/managed-groups';

export const managedGroups = {
  singular: 'managed group',
  plural: 'managed groups',
  message: 'ManagedGroup',
  messages: 'ManagedGroups',
  container: AUTH_METHOD,
  presenter,
  service: async () => (await import('../../proto/gen/api/managed_groups')).ManagedGroupServiceDefinition,
} satisfies Resource;
