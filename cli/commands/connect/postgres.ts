import type { Command } from '../../core/command';
import { connectFlags, DBNAME, styleFlag, USERNAME } from '../../connect/flags';

export const command: Command = {
  synopsis: 'Run psql against a PostgreSQL target',
  description: 'Opens a session and runs psql on it. Words behind -- are passed to psql.',
  examples: [
    'connect postgres -target-id ttcp_1234567890 -username alice -dbname orders',
    'connect postgres -target-id ttcp_1234567890 -dbname orders -- -c "select 1"',
  ],
  alias: true,
  passthrough: true,
  flags: connectFlags('Postgres Options', [styleFlag('postgres', 'psql'), USERNAME, DBNAME]),
  run: async (context) => {
    const { helper } = await import('../../connect/connect');
    return helper('psql', ({ values }, proxy) => [
      ...['-p', String(proxy.port), '-h', proxy.address],
      ...(values.text('dbname') === '' ? [] : ['-d', values.text('dbname')]),
      ...(values.text('username') === '' ? [] : ['-U', values.text('username')]),
    ])(context);
  },
};
