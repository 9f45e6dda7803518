import { defineCommand } from '../../core/command';
import { connectFlags, DBNAME, styleFlag } from '../../connect/flags';

export const command = defineCommand({
  synopsis: 'Run mysql against a MySQL target',
  description:
    'Opens a session and runs mysql on it, logged in when the session brings a user name and a password; else mysql ' +
    'asks for the password. Words behind -- are passed to mysql.',
  examples: ['connect mysql -target-id ttcp_1234567890 -username alice -dbname orders'],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('MySQL Options', [styleFlag('mysql', 'mysql'), DBNAME]),
  run: async (context) => {
    const { runHelper } = await import('../../connect/helper');
    const { MYSQL_LOGIN, MYSQL_OPTIONS } = await import('../../connect/surroundings');
    const { mysqlPasswordFile } = await import('../../connect/writers/mysql-options');
    const { option } = await import('../../connect/writers/words');
    return runHelper(context, { mysql: 'mysql' }, ({ proxy, credentials, files, username, warn }) => {
      const login = credentials.takeUsernamePassword();
      const database = context.args.dbname;
      if (database === '') warn('No -dbname was given; mysql will start without a database');
      const args = [
        ...['-P', String(proxy.port), '-h', proxy.address],
        ...option('-D', database),
        ...option('-u', login?.username ?? username),
      ];
      if (login === undefined) return { args: ['-p', ...MYSQL_OPTIONS, ...args] };
      // mysql takes this option as its first one only.
      const file = files.forChild(mysqlPasswordFile(login.password));
      return { args: [`--defaults-file=${file}`, ...args], env: MYSQL_LOGIN };
    });
  },
});
