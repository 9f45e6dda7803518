import { updateCommand, kinds } from '../../core/builders';
import {
  completeMapping,
  completeOptions,
  GENERIC,
  LDAP,
  MAPPING,
  OPTIONS,
  SSH_CERTIFICATE,
} from '../../resources/credential-library-fields';
import { credentialLibraries } from '../../resources/credential-libraries';

const generic = updateCommand(credentialLibraries, {
  kind: 'vault-generic',
  fields: GENERIC,
  more: MAPPING,
  complete: completeMapping,
  examples: ['credential-libraries update vault-generic -id clvlt_1234567890 -vault-path database/creds/reader'],
});

export const command = kinds('Update a credential library', {
  // The old name.
  vault: generic,
  'vault-generic': generic,
  'vault-ssh-certificate': updateCommand(credentialLibraries, {
    kind: 'vault-ssh-certificate',
    fields: SSH_CERTIFICATE,
    more: OPTIONS,
    complete: completeOptions,
    examples: [
      'credential-libraries update vault-ssh-certificate -id clvsclt_1234567890 -vault-path ssh/sign/admin -username alice',
    ],
  }),
  'vault-ldap': updateCommand(credentialLibraries, {
    kind: 'vault-ldap',
    fields: LDAP,
    examples: ['credential-libraries update vault-ldap -id clvllt_1234567890 -vault-path ldap/creds/reader'],
  }),
});
