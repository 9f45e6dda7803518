import type { Command } from '../../core/command';
import { connectFlags } from '../../connect/flags';

export const command: Command = {
  synopsis: 'Connect to a target through a worker',
  description:
    'Opens a session and listens on a local port; each connection to that port is carried through a worker to the ' +
    'target. Without a program it runs until Ctrl-C. The session ends with the command. Subcommands run the right ' +
    'program with the right arguments.',
  examples: [
    'connect -target-id ttcp_1234567890',
    'connect -target-id ttcp_1234567890 -exec curl -- -s http://{{boundary.addr}}/',
    'connect postgres -target-id ttcp_1234567890 -username alice -dbname orders',
  ],
  alias: true,
  passthrough: true,
  flags: connectFlags(),
  run: async (context) => {
    const { connect } = await import('../../connect/connect');
    const name = context.values.text('exec');
    return connect(context, name === '' ? undefined : { name, args: () => [], quiet: false });
  },
};
