import { currentVersion, requiredId, showItem, withClient } from '../../core/api-command';
import { idFlag } from '../../core/builders';
import { defineCommand } from '../../core/command';
import { apiFlags, VERSION } from '../../core/flags';
import { scopes } from '../../resources/scopes';

const NAMES = { action: 'attach-storage-policy on scope', attempt: 'attach a storage policy' };

export const command = defineCommand({
  synopsis: 'Attach a storage policy to a scope',
  description: 'Storage policies are not part of this edition: the controller refuses the call.',
  examples: ['scopes attach-storage-policy -id o_1234567890 -storage-policy-id pst_1234567890'],
  flags: apiFlags(
    idFlag(scopes),
    { name: 'storage-policy-id', type: 'string', description: 'Id of the storage policy.' },
    VERSION,
  ),
  run: (context) =>
    withClient(context, async (client) => {
      const id = requiredId(context);
      const version = await currentVersion(context, client, scopes, { id, ...NAMES });
      const answer = await client.call({
        service: await scopes.service(),
        method: 'attachStoragePolicy',
        request: { id, version, storage_policy_id: context.args['storage-policy-id'] },
        ...NAMES,
      });
      return showItem(context, answer.item, scopes.presenter.item);
    }),
});
