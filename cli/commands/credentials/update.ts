import { updateCommand, kinds } from '../../core/builders';
import {
  completeDomain,
  completeObject,
  completePrivateKey,
  DOMAIN,
  OBJECT_FLAGS,
  PASSPHRASE,
  PASSWORD,
  PRIVATE_KEY,
  USERNAME,
} from '../../resources/credential-fields';
import { credentials } from '../../resources/credentials';

export const command = kinds('Update a credential', {
  json: updateCommand(credentials, {
    kind: 'json',
    more: OBJECT_FLAGS,
    complete: completeObject,
    examples: ['credentials update json -id credjson_1234567890 -object file://secret.json'],
  }),
  password: updateCommand(credentials, {
    kind: 'password',
    fields: [PASSWORD],
    examples: ['credentials update password -id credp_1234567890 -password env://PASSWORD'],
  }),
  'ssh-private-key': updateCommand(credentials, {
    kind: 'ssh-private-key',
    fields: [USERNAME, PRIVATE_KEY, PASSPHRASE],
    complete: completePrivateKey,
    examples: [
      'credentials update ssh-private-key -id credspk_1234567890 -username alice -private-key file://id_ed25519',
    ],
  }),
  'username-password': updateCommand(credentials, {
    kind: 'username-password',
    fields: [USERNAME, PASSWORD],
    examples: ['credentials update username-password -id credup_1234567890 -username alice -password env://PASSWORD'],
  }),
  'username-password-domain': updateCommand(credentials, {
    kind: 'username-password-domain',
    fields: [USERNAME, DOMAIN, PASSWORD],
    complete: completeDomain,
    examples: [
      'credentials update username-password-domain -id credupd_1234567890 -username alice@example.com -password env://PASSWORD',
    ],
  }),
});
