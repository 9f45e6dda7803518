import type { Command } from '../../core/command';
import { runServerCommand } from '../../core/server-door';
import { CONFIG, LOG_LEVEL, MIGRATION_URL } from '../../core/server-flags';

export const command: Command = {
  synopsis: 'Bring the database to the version of this program',
  description: 'Needs the database for itself: stop all controllers first.',
  examples: ['database migrate -config /etc/sallyport/controller.json'],
  flags: [{ title: 'Command Options', flags: [CONFIG, MIGRATION_URL, LOG_LEVEL] }],
  run: (context) => runServerCommand('database migrate', context),
};
