/**
 * The only way from the command line to the server programs: a separate bundle, loaded only for
 * `dev`, `server` and `database`. The other commands stay small and hold no server code.
 */
import { existsSync } from 'node:fs';
import { packageFile } from '../../lib/config/package-root';
import type { Context } from '../core/command';
import { LocalError } from '../io/errors';

export type ServerCommand = 'dev' | 'server' | 'database init' | 'database migrate';

interface Door {
  run(
    command: ServerCommand,
    flags: Record<string, unknown>,
    streams: { stdout: NodeJS.WritableStream; stderr: NodeJS.WritableStream; env: NodeJS.ProcessEnv },
  ): Promise<number>;
}

/** Hands over every flag that has a value, by its name. */
export async function runServerCommand(command: ServerCommand, { io, line, printer }: Context): Promise<number> {
  for (const { name, noEffect } of line.withoutEffect) printer.warn(`-${name} has no effect here: ${noEffect}`);
  const file = packageFile('dist', 'server.cjs');
  if (!existsSync(file)) throw new LocalError(`${file} is missing; run "npm run build", or reinstall the package`);
  // A path that no bundler follows.
  const door = (await import(file)) as Door & { default?: Door };
  const { stdout, stderr, env } = io;
  return (door.default ?? door).run(command, line.said, { stdout, stderr, env });
}
