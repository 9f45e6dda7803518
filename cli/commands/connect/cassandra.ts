import { defineCommand } from '../../core/command';
import { connectFlags, styleFlag, USERNAME } from '../../connect/flags';

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
    USERNAME,
    { name: 'keyspace', type: 'string', env: 'CONNECT_KEYSPACE', description: 'Keyspace to pass to the program.' },
  ]),
  run: async (context) => {
    const { runHelper } = await import('../../connect/helper');
    const { cqlshPasswordFile } = await import('../../connect/writers/cqlsh-credentials');
    const { joinedOption, option } = await import('../../connect/writers/words');
    return runHelper(context, { cqlsh: 'cqlsh' }, ({ proxy, credentials, files, username, warn }) => {
      const login = credentials.takeUsernamePassword();
      const keyspace = context.args.keyspace;
      if (keyspace === '') warn('No -keyspace was given; cqlsh will start without one');
      const file = login && files.forChild(cqlshPasswordFile(login.password));
      return {
        args: [
          ...joinedOption('-u', '--username', login?.username ?? username),
          ...joinedOption('-k', '--keyspace', keyspace),
          ...option('--credentials', file ?? ''),
          ...[proxy.address, String(proxy.port)],
        ],
      };
    });
  },
});
