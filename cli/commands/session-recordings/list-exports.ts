import { withClient } from '../../core/api-command';
import { defineCommand, valueOf } from '../../core/command';
import { apiFlags, RECURSIVE } from '../../core/flags';
import { SCOPE } from '../../core/resource';
import { recordingExports } from '../../output/session-recordings';
import { showItems } from '../../resources/scope-keys';
import { EXIT } from '../../io/errors';
import { sessionRecordings } from '../../resources/session-recordings';

export const command = defineCommand({
  synopsis: 'List exports of session recordings',
  examples: ['session-recordings list-exports -recursive'],
  flags: apiFlags(SCOPE.flag, RECURSIVE),
  run: (context) =>
    withClient(context, async (client) => {
      const answer = await client.call({
        service: await sessionRecordings.service(),
        method: 'listExports',
        request: {
          scope_id: valueOf(context, SCOPE.flag),
          ...(context.args.recursive ? { recursive: true } : {}),
        },
        action: 'list-exports on session recordings',
        attempt: 'list exports of session recordings',
      });
      showItems(recordingExports)(context, answer);
      return EXIT.ok;
    }),
});
