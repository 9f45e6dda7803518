import type { Command } from '../../core/command';
import { connectFlags, styleFlag, USERNAME } from '../../connect/flags';

export const command: Command = {
  synopsis: 'Run ssh against an SSH target',
  description:
    'Opens a session and runs ssh on it. The host key is remembered under the id of the host, so that sessions to ' +
    'different hosts do not collide. Words behind -- are passed to ssh.',
  examples: ['connect ssh -target-id ttcp_1234567890 -username alice', 'connect ssh -target-id ttcp_1234567890 -- -v'],
  alias: true,
  passthrough: true,
  flags: connectFlags('SSH Options', [
    styleFlag('ssh', 'ssh'),
    USERNAME,
    { name: 'remote-command', type: 'string', description: 'Command to run there; split at spaces.' },
  ]),
  run: async (context) => {
    const { helper } = await import('../../connect/connect');
    return helper('ssh', ({ values }, proxy) => [
      ...['-p', String(proxy.port), '-o', `HostKeyAlias=${proxy.hostId || proxy.targetId}`],
      ...(values.text('username') === '' ? [] : ['-l', values.text('username')]),
      proxy.address,
      ...(values.text('remote-command') === '' ? [] : values.text('remote-command').split(' ')),
    ])(context);
  },
};
