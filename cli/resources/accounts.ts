import { AUTH_METHOD, type Resource } from '../core/resource';
import { accounts as presenter } from '../output/accounts';

export const accounts = {
  singular: 'account',
  plural: 'accounts',
  message: 'Account',
  messages: 'Accounts',
  container: AUTH_METHOD,
  presenter,
  service: async () => (await import('../../proto/gen/api/accounts')).AccountServiceDefinition,
} satisfies Resource;
