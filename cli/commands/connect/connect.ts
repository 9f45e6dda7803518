import { defineCommand } from '../../core/command';
import { connectFlags } from '../../connect/flags';
import { UsageError } from '../../io/errors';
import type { Launch, OpenSession } from '../../connect/connect';

export const command = defineCommand({
  synopsis: 'Connect to a target through a worker',
  description:
    'Opens a session and listens on a local port; each connection to that port is carried through a worker to the ' +
    'target. Without a program it runs until Ctrl-C. The session ends with the command. Subcommands run the right ' +
    'program with the right arguments.',
  examples: [
    'connect -target-id ttcp_1234567890',
    'connect -target-id ttcp_1234567890 -exec curl -- -s http://{{boundary.addr}}/',
    'connect postgres -target-id ttcp_1234567890 -username alice -dbname orders',
    'connect -target-id ttcp_1234567890 -stdio',
  ],
  alias: 'target-id',
  passthrough: true,
  flags: connectFlags('Stream Options', [
    {
      name: 'stdio',
      type: 'bool',
      description:
        'Carry standard input and output as the only connection, without a listener. The session ends with it. For ' +
        'the ProxyCommand of ssh and its like.',
    },
  ]),
  run: async (context) => {
    const { brokeredValues } = await import('../../connect/brokered-environment');
    const { connect, connectStreams } = await import('../../connect/connect');
    const launch = ({ credentials, files }: OpenSession): Launch => ({
      args: [],
      ...brokeredValues(credentials, files),
    });
    const name = context.args.exec;
    if (context.rest.length > 0 && (name === '' || context.args.stdio))
      throw new UsageError('Words behind -- are for the program of -exec, which is not given');
    if (context.args.stdio) {
      if (context.line.has('exec')) throw new UsageError('-stdio excludes -exec');
      if (context.args['authz-token'] === '-')
        throw new UsageError('-stdio carries standard input, so that -authz-token cannot be read from it');
      return connectStreams(context);
    }
    return connect(context, name === '' ? undefined : { name, launch, quiet: false });
  },
});
