import { SCOPE, type Resource } from '../core/resource';
import { aliases as presenter } from '../output/aliases';

export const aliases = {
  singular: 'alias',
  plural: 'aliases',
  message: 'Alias',
  messages: 'Aliases',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/aliases')).AliasServiceDefinition,
} satisfies Resource;
