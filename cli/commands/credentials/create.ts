import { createCommand, kinds } from '../../core/builders';
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

export const command = kinds('Create a credential', {
  json: createCommand(credentials, {
    kind: 'json',
    sendType: true,
    more: OBJECT_FLAGS,
    complete: completeObject,
    examples: ['credentials create json -credential-store-id csst_1234567890 -object file://secret.json'],
  }),
  password: createCommand(credentials, {
    kind: 'password',
    sendType: true,
    fields: [PASSWORD],
    examples: ['credentials create password -credential-store-id csst_1234567890 -password env://PASSWORD'],
  }),
  'ssh-private-key': createCommand(credentials, {
    kind: 'ssh-private-key',
    sendType: true,
    type: 'ssh_private_key',
    fields: [USERNAME, PRIVATE_KEY, PASSPHRASE],
    complete: completePrivateKey,
    examples: [
      'credentials create ssh-private-key -credential-store-id csst_1234567890 -username alice -private-key file://id_ed25519',
    ],
  }),
  'username-password': createCommand(credentials, {
    kind: 'username-password',
    sendType: true,
    type: 'username_password',
    fields: [USERNAME, PASSWORD],
    examples: [
      'credentials create username-password -credential-store-id csst_1234567890 -username alice -password env://PASSWORD',
    ],
  }),
  'username-password-domain': createCommand(credentials, {
    kind: 'username-password-domain',
    sendType: true,
    type: 'username_password_domain',
    fields: [USERNAME, DOMAIN, PASSWORD],
    complete: completeDomain,
    examples: [
      'credentials create username-password-domain -credential-store-id csst_1234567890 -username alice@example.com -password env://PASSWORD',
    ],
  }),
});
