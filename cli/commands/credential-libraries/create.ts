import { createCommand, kinds } from '../../core/builders';
import {
  completeMapping,
  completeOptions,
  CREDENTIAL_TYPE,
  GENERIC,
  LDAP,
  MAPPING,
  OPTIONS,
  SSH_CERTIFICATE,
} from '../../resources/credential-library-fields';
import { credentialLibraries } from '../../resources/credential-libraries';

const generic = createCommand(credentialLibraries, {
  kind: 'vault-generic',
  sendType: true,
  fields: [...GENERIC, CREDENTIAL_TYPE],
  more: MAPPING,
  complete: completeMapping,
  examples: [
    'credential-libraries create vault-generic -credential-store-id csvlt_1234567890 -vault-path database/creds/reader',
  ],
});

export const command = kinds('Create a credential library', {
  // The old name.
  vault: generic,
  'vault-generic': generic,
  'vault-ssh-certificate': createCommand(credentialLibraries, {
    kind: 'vault-ssh-certificate',
    sendType: true,
    fields: SSH_CERTIFICATE,
    more: OPTIONS,
    complete: completeOptions,
    examples: [
      'credential-libraries create vault-ssh-certificate -credential-store-id csvlt_1234567890 -vault-path ssh/sign/admin -username alice',
    ],
  }),
  'vault-ldap': createCommand(credentialLibraries, {
    kind: 'vault-ldap',
    sendType: true,
    fields: LDAP,
    examples: [
      'credential-libraries create vault-ldap -credential-store-id csvlt_1234567890 -vault-path ldap/creds/reader',
    ],
  }),
});
