import { showItem, withClient } from '../../core/api-command';
import { idFlag } from '../../core/builders';
import { defineCommand, type Args, type Context, type Flag } from '../../core/command';
import { UsageError } from '../../io/errors';
import { apiFlags } from '../../core/flags';
import { sessionAuthorization } from '../../output/targets';
import { targets } from '../../resources/targets';

const FLAGS = [
  idFlag(targets),
  { name: 'name', type: 'string', description: 'Name of the target; needs -scope-id or -scope-name.' },
  { name: 'scope-id', type: 'string', env: 'SCOPE_ID', description: 'Id of the scope of the named target.' },
  { name: 'scope-name', type: 'string', env: 'SCOPE_NAME', description: 'Name of the scope of the named target.' },
  { name: 'host-id', type: 'string', description: 'Host to connect to; chosen by the controller when absent.' },
] as const satisfies readonly Flag[];

export const command = defineCommand({
  synopsis: 'Authorize a session against a target',
  description:
    'Opens a session and prints its authorization token, which "connect -authz-token" takes. Name the target by its ' +
    'id, or by its name and its scope.',
  examples: ['targets authorize-session -id ttcp_1234567890', 'targets authorize-session -name db -scope-name staging'],
  alias: 'id',
  flags: apiFlags(...FLAGS),
  run: (context) => {
    const request = requestOf(context);
    return withClient(context, async (client) => {
      const answer = await client.call({
        service: await targets.service(),
        method: 'authorizeSession',
        request,
        action: 'authorize-session on a session against target',
        attempt: 'authorize-session of target',
      });
      return showItem(context, answer.item, sessionAuthorization);
    });
  },
});

function requestOf({ args, line }: Context<Args<(typeof FLAGS)[number]>>): Record<string, string> {
  const { id, name } = args;
  const host: Record<string, string> = args['host-id'] === '' ? {} : { host_id: args['host-id'] };
  if (id !== '') {
    // A scope in the environment is meant for other commands.
    if (name !== '' || line.has('scope-id') || line.has('scope-name'))
      throw new UsageError('-id excludes -name, -scope-id and -scope-name');
    return { id, ...host };
  }
  if (name === '') throw new UsageError('A target is required: -id, or -name with -scope-id or -scope-name');
  const [scopeId, scopeName] = [args['scope-id'], args['scope-name']];
  if ((scopeId === '') === (scopeName === ''))
    throw new UsageError('-name needs exactly one of -scope-id and -scope-name');
  return { id: name, name, ...(scopeId === '' ? { scope_name: scopeName } : { scope_id: scopeId }), ...host };
}
