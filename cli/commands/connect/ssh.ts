import { defineCommand } from '../../core/command';
import { connectFlags, styleFlag } from '../../connect/flags';

export const command = defineCommand({
  synopsis: 'Run ssh against an SSH target',
  description:
    'Opens a session and runs ssh on it, with the private key that the session brings, if any. The host key is ' +
    'remembered under the id of the host, so that sessions to different hosts do not collide. Words behind -- are ' +
    'passed to ssh.',
  examples: [
    'connect ssh -target-id ttcp_1234567890 -username alice',
    'connect ssh -target-id ttcp_1234567890 -style sshpass',
    'connect ssh -target-id ttcp_1234567890 -- -v',
  ],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('SSH Options', [
    styleFlag('ssh', 'ssh', ['sshpass', 'putty']),
    { name: 'remote-command', type: 'string', description: 'Command to run there; split at spaces.' },
  ]),
  run: async (context) => {
    const { runHelper } = await import('../../connect/helper');
    const { SSH_STYLES, sshLaunch } = await import('../../connect/ssh');
    const command = context.args['remote-command'];
    return runHelper(context, SSH_STYLES, (session) => sshLaunch(session, command === '' ? [] : command.split(' ')));
  },
});
