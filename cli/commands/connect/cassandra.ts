import { defineCommand } from '../../core/command';
import { connectFlags, styleFlag } from '../../connect/flags';

export const command = defineCommand({
  synopsis: 'Run cqlsh against a Cassandra target',
  description:
    'Opens a session and runs cqlsh on it, logged in when the session brings a user name and a password. Words behind ' +
    '-- are passed to cqlsh.',
  examples: ['connect cassandra -target-id ttcp_1234567890 -username alice -keyspace orders'],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('Cassandra Options', [
    styleFlag('cassandra', 'cqlsh'),
    { name: 'keyspace', type: 'string', env: 'CONNECT_KEYSPACE', description: 'Keyspace to pass to the program.' },
  ]),
  run: async (context) => {
    const { runHelper } = await import('../../connect/helper');
    const { cassandraArguments } = await import('../../connect/cassandra');
    const { keyspace } = context.args;
    return runHelper(context, { cqlsh: 'cqlsh' }, (session) => cassandraArguments(session, keyspace));
  },
});
