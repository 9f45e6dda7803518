import { defineCommand } from '../../core/command';
import { connectFlags, styleFlag } from '../../connect/flags';

export const command = defineCommand({
  synopsis: 'Run redis-cli against a Redis target',
  description:
    'Opens a session and runs redis-cli on it, logged in when the session brings a password. Without one redis-cli ' +
    'asks for the password of -username. Words behind -- are passed to redis-cli.',
  examples: ['connect redis -target-id ttcp_1234567890 -username alice'],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('Redis Options', [styleFlag('redis', 'redis-cli')]),
  run: async (context) => {
    const { runHelper } = await import('../../connect/helper');
    const { REDIS_VARIABLES } = await import('../../connect/surroundings');
    const { option } = await import('../../connect/writers/words');
    return runHelper(context, { 'redis-cli': 'redis-cli' }, ({ proxy, credentials, username }) => {
      const login = credentials.takeUsernamePassword();
      const password = login?.password ?? credentials.takePassword();
      const user = login?.username ?? username;
      return {
        args: [
          ...['-h', proxy.address, '-p', String(proxy.port)],
          ...option('--user', user),
          ...(password === undefined && user !== '' ? ['--askpass'] : []),
        ],
        env: password === undefined ? REDIS_VARIABLES : { REDISCLI_AUTH: password },
      };
    });
  },
});
