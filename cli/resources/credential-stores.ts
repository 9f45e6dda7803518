import { SCOPE, type Resource } from '../core/resource';
import { credentialStores as presenter } from '../output/credential-stores';

export const credentialStores = {
  singular: 'credential store',
  plural: 'credential stores',
  message: 'CredentialStore',
  messages: 'CredentialStores',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/credential_stores')).CredentialStoreServiceDefinition,
} satisfies Resource;
