import { defineCommand } from '../../core/command';
import { runServerCommand } from '../../serve/server-door';
import { CONFIG, CONFIG_KMS, INTERNALS, LOG_FORMAT, LOG_LEVEL } from '../../serve/server-flags';

export const command = defineCommand({
  synopsis: 'Run a controller, a worker or both',
  description:
    'Runs what the configuration describes until it is told to stop. SIGINT and SIGTERM stop it in order, a second one ' +
    'at once. SIGHUP reads the configuration again. SIGUSR2 has a worker without a controller start its next process, which ' +
    'takes over while this one drains.',
  examples: ['server -config /etc/sallyport/controller.json'],
  flags: [
    {
      title: 'Command Options',
      flags: [
        CONFIG,
        CONFIG_KMS,
        LOG_LEVEL,
        LOG_FORMAT,
        ...INTERNALS,
        {
          name: 'worker-auth-ca-reinitialize',
          type: 'bool',
          hidden: true,
          description: 'Replace the certificate authority of workers.',
          noEffect: 'use "workers certificate-authority reinitialize".',
        },
      ],
    },
  ],
  run: (context) => runServerCommand('server', context),
});
