import { currentVersion, requiredId, showItem, withClient } from '../../core/api-command';
import { idFlag } from '../../core/builders';
import { defineCommand } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { sessions } from '../../resources/sessions';

const names = { action: 'cancel on session', attempt: 'cancel session' };

export const command = defineCommand({
  synopsis: 'Cancel a session',
  description:
    'Ends a session: its connections are cut at once and no new one is possible. Canceling a session that has ended ' +
    'changes nothing.',
  examples: ['sessions cancel -id s_1234567890'],
  flags: apiFlags(idFlag(sessions)),
  run: (context) =>
    withClient(context, async (client) => {
      const id = requiredId(context);
      const version = await currentVersion(context, client, sessions, { id, ...names });
      const request = { id, version };
      const answer = await client.call({
        service: await sessions.service(),
        method: 'cancelSession',
        request,
        ...names,
      });
      return showItem(context, answer.item, sessions.presenter.item);
    }),
});
