/**
 * The only entry of the command line to server code. Parts are loaded when a command needs them, so
 * a process that is only a worker holds neither the database driver nor controller code.
 */
import { startFailure } from './start-failure';
import { Flags, shown, type Streams } from './streams';

export type ServerCommand = 'dev' | 'server' | 'database init' | 'database migrate';

/** Runs the command to its end; resolves with the exit code. */
export async function run(command: ServerCommand, values: Record<string, unknown>, raw: Streams): Promise<number> {
  const streams = shown(raw);
  const flags = new Flags(values);
  try {
    switch (command) {
      case 'dev':
        return await (await import('../dev/dev')).runDev(flags, streams);
      case 'server':
        return await (await import('./main')).runServer(flags, streams);
      case 'database init':
        return await (await import('./database')).runDatabaseInit(flags, streams);
      case 'database migrate':
        return await (await import('./database')).runDatabaseMigrate(flags, streams);
    }
  } catch (error) {
    const failure = startFailure(error);
    streams.stderr.write(`Error: ${failure.message}\n`);
    return failure.exitCode;
  }
}
