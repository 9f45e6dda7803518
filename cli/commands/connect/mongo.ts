import { defineCommand } from '../../core/command';
import { connectFlags, DBNAME, styleFlag } from '../../connect/flags';

export const command = defineCommand({
  synopsis: 'Run mongosh against a MongoDB target',
  description:
    'Opens a session and runs mongosh on it, logged in when the session brings a user name and a password. Words ' +
    'behind -- are passed to mongosh.',
  examples: ['connect mongo -target-id ttcp_1234567890 -username alice -dbname orders'],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('MongoDB Options', [
    styleFlag('mongo', 'mongosh'),
    DBNAME,
    {
      name: 'authentication-database',
      type: 'string',
      env: 'CONNECT_MONGO_AUTHENTICATION_DATABASE',
      description: 'Database that holds the user.',
    },
  ]),
  run: async (context) => {
    const { runHelper } = await import('../../connect/helper');
    const { mongoArguments } = await import('../../connect/mongo');
    const { args } = context;
    const flags = {
      words: context.rest,
      database: args.dbname,
      authenticationDatabase: args['authentication-database'],
    };
    return runHelper(context, { mongosh: 'mongosh' }, (session) => mongoArguments(session, flags));
  },
});
