import { defineCommand } from '../../core/command';
import { runServerCommand } from '../../serve/server-door';
import { CONFIG, CONFIG_KMS, LOG_FORMAT, LOG_LEVEL, MIGRATION_URL, UNUSED_CONNECTION } from '../../serve/server-flags';

export const command = defineCommand({
  synopsis: 'Bring the database to the version of this program',
  description: 'Needs the database for itself: stop all controllers first.',
  examples: ['database migrate -config /etc/sallyport/controller.json'],
  flags: [
    UNUSED_CONNECTION,
    {
      title: 'Command Options',
      flags: [
        CONFIG,
        CONFIG_KMS,
        MIGRATION_URL,
        LOG_LEVEL,
        LOG_FORMAT,
        {
          name: 'repair',
          type: 'list',
          hint: 'edition:version',
          description: 'Repair what the check of this migration found: the words that its message names.',
        },
      ],
    },
  ],
  run: (context) => runServerCommand('database migrate', context),
});
