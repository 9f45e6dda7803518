import { defineCommand } from '../../core/command';
import { connectFlags, DBNAME, styleFlag } from '../../connect/flags';

export const command = defineCommand({
  synopsis: 'Run psql against a PostgreSQL target',
  description:
    'Opens a session and runs psql on it, logged in when the session brings a user name and a password. Words behind ' +
    '-- are passed to psql.',
  examples: [
    'connect postgres -target-id ttcp_1234567890 -username alice -dbname orders',
    'connect postgres -target-id ttcp_1234567890 -dbname orders -- -c "select 1"',
  ],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('Postgres Options', [styleFlag('postgres', 'psql'), DBNAME]),
  run: async (context) => {
    const { runHelper } = await import('../../connect/helper');
    const { PSQL_LOGIN, PSQL_VARIABLES } = await import('../../connect/surroundings');
    const { pgpassFile } = await import('../../connect/writers/pgpass');
    const { option } = await import('../../connect/writers/words');
    return runHelper(context, { psql: 'psql' }, ({ proxy, credentials, files, username, warn }) => {
      const login = credentials.takeUsernamePassword();
      const database = context.args.dbname;
      if (database === '') warn('No -dbname was given; psql will use the name of the user');
      const { address: host, port } = proxy;
      const file = (of: { username: string; password: string }) => ({
        ...PSQL_LOGIN,
        PGPASSFILE: files.forChild(pgpassFile({ host, port, ...of })),
      });
      return {
        args: [
          ...['-p', String(port), '-h', host],
          ...option('-d', database),
          ...option('-U', login?.username ?? username),
        ],
        env: { ...PSQL_VARIABLES, ...(login === undefined ? {} : file(login)) },
      };
    });
  },
});
