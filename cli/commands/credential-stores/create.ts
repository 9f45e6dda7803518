import { createCommand, kinds } from '../../core/builders';
import { VAULT } from '../../resources/credential-store-fields';
import { credentialStores } from '../../resources/credential-stores';

export const command = kinds('Create a credential store', {
  static: createCommand(credentialStores, {
    kind: 'static',
    sendType: true,
    examples: ['credential-stores create static -scope-id p_1234567890 -name passwords'],
  }),
  vault: createCommand(credentialStores, {
    kind: 'vault',
    sendType: true,
    fields: VAULT,
    examples: [
      'credential-stores create vault -scope-id p_1234567890 -vault-address https://vault.example:8200 -vault-token hvs.example',
    ],
  }),
});
