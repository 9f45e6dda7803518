import type { Command } from '../../core/command';
import { connectFlags, DBNAME, styleFlag, USERNAME } from '../../connect/flags';

export const command: Command = {
  synopsis: 'Run mongosh against a MongoDB target',
  description:
    'Opens a session and runs mongosh on it, logged in when the session brings a user name and a password. mongosh ' +
    'takes a password as an argument only, which other users of this machine may see for a moment. Words behind -- ' +
    'are passed to mongosh.',
  examples: ['connect mongo -target-id ttcp_1234567890 -username alice -dbname orders'],
  alias: true,
  passthrough: true,
  flags: connectFlags('MongoDB Options', [
    styleFlag('mongo', 'mongosh'),
    USERNAME,
    DBNAME,
    {
      name: 'authentication-database',
      type: 'string',
      env: 'CONNECT_MONGO_AUTHENTICATION_DATABASE',
      description: 'Database that holds the user.',
    },
  ]),
  run: async (context) => {
    const { option, runHelper } = await import('../../connect/helper');
    const { values } = context;
    return runHelper(context, { mongosh: 'mongosh' }, ({ proxy, credentials, username, warn }) => {
      const login = credentials.takeUsernamePassword();
      const database = values.text('dbname');
      if (database === '') warn('No -dbname was given; mongosh will use the database test');
      return {
        args: [
          ...['--port', String(proxy.port), '--host', proxy.address],
          ...(database === '' ? [] : [database]),
          ...option('-u', login?.username ?? username),
          ...option('-p', login?.password ?? ''),
          ...option('--authenticationDatabase', values.text('authentication-database')),
        ],
      };
    });
  },
};
