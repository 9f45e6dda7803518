import type { Command } from '../../core/command';
import { runServerCommand } from '../../core/server-door';
import { CONFIG, LOG_LEVEL } from '../../core/server-flags';

export const command: Command = {
  synopsis: 'Run a controller, a worker or both',
  description:
    'Runs what the configuration describes until it is told to stop. SIGINT and SIGTERM stop it in order, a second one ' +
    'at once.',
  examples: ['server -config /etc/sallyport/controller.json'],
  flags: [{ title: 'Command Options', flags: [CONFIG, LOG_LEVEL] }],
  run: (context) => runServerCommand('server', context),
};
