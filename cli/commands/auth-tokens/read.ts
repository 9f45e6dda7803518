import { showItem, withClient } from '../../core/api-command';
import { defineCommand } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { authTokens } from '../../resources/auth-tokens';
import { ownOrGivenToken } from '../../resources/own-token';

export const command = defineCommand({
  synopsis: 'Read an auth token',
  examples: ['auth-tokens read -id self'],
  flags: apiFlags({ name: 'id', type: 'string', description: 'Id of the auth token; "self" is the one in use.' }),
  run: (context) =>
    withClient(context, async (client) => {
      const answer = await client.call({
        service: await authTokens.service(),
        method: 'getAuthToken',
        request: { id: await ownOrGivenToken(context, client, 'read') },
        action: 'read on auth token',
        attempt: 'read auth token',
      });
      return showItem(context, answer.item, authTokens.presenter.item);
    }),
});
