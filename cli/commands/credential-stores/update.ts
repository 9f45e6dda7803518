import { updateCommand, kinds } from '../../core/builders';
import { VAULT } from '../../resources/credential-store-fields';
import { credentialStores } from '../../resources/credential-stores';

export const command = kinds('Update a credential store', {
  static: updateCommand(credentialStores, {
    kind: 'static',
    examples: ['credential-stores update static -id csst_1234567890 -name passwords'],
  }),
  vault: updateCommand(credentialStores, {
    kind: 'vault',
    fields: VAULT,
    examples: ['credential-stores update vault -id csvlt_1234567890 -vault-token hvs.example'],
  }),
});
