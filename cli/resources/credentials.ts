import { CREDENTIAL_STORE, type Resource } from '../core/resource';
import { credentials as presenter } from '../output/credentials';

export const credentials = {
  singular: 'credential',
  plural: 'credentials',
  message: 'Credential',
  messages: 'Credentials',
  container: CREDENTIAL_STORE,
  presenter,
  service: async () => (await import('../../proto/gen/api/credentials')).CredentialServiceDefinition,
} satisfies Resource;
