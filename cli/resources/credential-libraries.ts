import { CREDENTIAL_STORE, type Resource } from '../core/resource';
import { credentialLibraries as presenter } from '../output/credential-libraries';

export const credentialLibraries = {
  singular: 'credential library',
  plural: 'credential libraries',
  message: 'CredentialLibrary',
  messages: 'CredentialLibraries',
  container: CREDENTIAL_STORE,
  presenter,
  service: async () => (await import('../../proto/gen/api/credential_libraries')).CredentialLibraryServiceDefinition,
} satisfies Resource;
