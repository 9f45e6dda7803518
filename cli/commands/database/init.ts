import { defineCommand, type Flag } from '../../core/command';
import { OUTPUT } from '../../core/flags';
import { runServerCommand } from '../../serve/server-door';
import { CONFIG, CONFIG_KMS, LOG_FORMAT, LOG_LEVEL, MIGRATION_URL } from '../../serve/server-flags';

const skip = (name: string, what: string): Flag => ({ name, type: 'bool', description: `Do not create ${what}.` });

export const command = defineCommand({
  synopsis: 'Initialize the database of a new deployment',
  description:
    'Creates the tables and, unless told otherwise, what a first login needs, and prints the generated ids and the ' +
    'password of the administrator. A database that is initialized already stays as it is.',
  examples: ['database init -config /etc/sallyport/controller.json'],
  flags: [
    OUTPUT,
    {
      title: 'Command Options',
      flags: [
        CONFIG,
        CONFIG_KMS,
        MIGRATION_URL,
        LOG_LEVEL,
        LOG_FORMAT,
        skip('skip-initial-login-role-creation', 'the role that lets everybody log in'),
        skip('skip-initial-authenticated-user-role-creation', 'the role of everybody who has logged in'),
        skip('skip-auth-method-creation', 'the auth method and the administrator'),
        skip('skip-scopes-creation', 'the org and the project, nor what would be in them'),
        skip('skip-host-resources-creation', 'the host catalog and what is in it, nor the target'),
        skip('skip-target-creation', 'the targets'),
      ],
    },
  ],
  run: (context) => runServerCommand('database init', context),
});
