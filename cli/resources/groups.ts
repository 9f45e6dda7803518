import { SCOPE, type Resource } from '../core/resource';
import { groups as presenter } from '../output/groups';

export const groups = {
  singular: 'group',
  plural: 'groups',
  message: 'Group',
  messages: 'Groups',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/groups')).GroupServiceDefinition,
} satisfies Resource;
