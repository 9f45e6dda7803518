/**
 * Holds a listening socket the way systemd does for a `.socket` unit: starts a command with it as
 * descriptor 3, and again whenever the command has ended, as often as asked for. Arguments: times,
 * command, its arguments. It never accepts itself, as waiting for the command stops its event loop.
 */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { writeSync } from 'node:fs';

const [times, ...command] = process.argv.slice(2);
/** The command takes the place of the shell, so that LISTEN_PID is its own id. */
const SHELL = 'LISTEN_PID=$$ LISTEN_FDS=1; export LISTEN_PID LISTEN_FDS; exec "$@"';

const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  writeSync(1, `holding ${(server.address() as { port: number }).port}\n`);
  for (let i = 0; i < Number(times); i++) {
    const { status } = spawnSync('/bin/sh', ['-c', SHELL, 'sh', ...command], { stdio: ['ignore', 1, 2, fd] });
    writeSync(1, `ended ${status}\n`);
  }
  process.exit(0);
});
