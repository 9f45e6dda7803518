import { currentVersion, requiredId, showItem, withClient } from '../../core/api-command';
import { idFlag } from '../../core/builders';
import { defineCommand } from '../../core/command';
import { apiFlags, VERSION } from '../../core/flags';
import { scopes } from '../../resources/scopes';

const NAMES = { action: 'detach-storage-policy on scope', attempt: 'detach a storage policy' };

export const command = defineCommand({
  synopsis: 'Detach the storage policy of a scope',
  description: 'Storage policies are not part of this edition: the controller refuses the call.',
  examples: ['scopes detach-storage-policy -id o_1234567890'],
  flags: apiFlags(idFlag(scopes), VERSION),
  run: (context) =>
    withClient(context, async (client) => {
      const id = requiredId(context);
      const version = await currentVersion(context, client, scopes, { id, ...NAMES });
      const answer = await client.call({
        service: await scopes.service(),
        method: 'detachStoragePolicy',
        request: { id, version },
        ...NAMES,
      });
      return showItem(context, answer.item, scopes.presenter.item);
    }),
});
