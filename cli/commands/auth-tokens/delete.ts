import { withClient } from '../../core/api-command';
import { showDeleted } from '../../core/builders';
import { defineCommand } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { authTokens } from '../../resources/auth-tokens';
import { ownOrGivenToken } from '../../resources/own-token';

export const command = defineCommand({
  synopsis: 'Delete an auth token',
  examples: ['auth-tokens delete -id self'],
  flags: apiFlags({ name: 'id', type: 'string', description: 'Id of the auth token; "self" is the one in use.' }),
  run: (context) =>
    withClient(context, async (client) => {
      await client.call({
        service: await authTokens.service(),
        method: 'deleteAuthToken',
        request: { id: await ownOrGivenToken(context, client, 'delete') },
        action: 'delete on auth token',
        attempt: 'delete auth token',
      });
      return showDeleted(context);
    }),
});
