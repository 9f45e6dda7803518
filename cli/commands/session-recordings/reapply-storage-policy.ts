import { requiredId, showItem, withClient } from '../../core/api-command';
import { idFlag } from '../../core/builders';
import { defineCommand } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { sessionRecordings } from '../../resources/session-recordings';

export const command = defineCommand({
  synopsis: 'Apply the storage policy that is in force now',
  examples: ['session-recordings reapply-storage-policy -id sr_1234567890'],
  flags: apiFlags(idFlag(sessionRecordings)),
  run: (context) =>
    withClient(context, async (client) => {
      const answer = await client.call({
        service: await sessionRecordings.service(),
        method: 'reApplyStoragePolicy',
        request: { id: requiredId(context) },
        action: 'reapply-storage-policy on session recording',
        attempt: 'reapply the storage policy of a session recording',
      });
      return showItem(context, answer.item, sessionRecordings.presenter.item);
    }),
});
