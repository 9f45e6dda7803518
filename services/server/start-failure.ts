/** Why a start failed, as one message that names the remedy. */
import { ConfigError } from '../../lib/config/fields';
import { IndirectError } from '../../lib/config/indirect';

/** A failure whose message is shown as it is, without a stack. */
export class StartFailure extends Error {
  constructor(
    message: string,
    /**
     * Exit code of the process: 2 for what went wrong at the start, 3 for wrong flags and files.
     */
    readonly exitCode: 2 | 3 = 2,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StartFailure';
  }
}

type SystemError = Error & { code?: string; address?: string; port?: number; path?: string; syscall?: string };

/** The failure to show for any error of a start. */
export function startFailure(error: unknown): StartFailure {
  if (error instanceof StartFailure) return error;
  if (error instanceof IndirectError) return new StartFailure(error.message, 3);
  if (error instanceof ConfigError) return new StartFailure(`the configuration is not usable\n${error.message}`, 3);
  if (error instanceof AggregateError && error.errors.length > 0) return startFailure(error.errors[0]);
  const known = error as SystemError;
  return new StartFailure(systemText(known) ?? databaseText(known) ?? known.message, 2, { cause: error });
}

function systemText(error: SystemError): string | undefined {
  const where = error.port === undefined ? (error.path ?? error.address ?? '') : `${error.address ?? ''}:${error.port}`;
  if (error.syscall === 'listen' || error.syscall === 'bind') {
    if (error.code === 'EADDRINUSE') {
      return `${where} is in use: stop the program that listens there, or configure another address`;
    }
    if (error.code === 'EACCES') return `no permission to listen on ${where}: choose a port above 1023`;
    if (error.code === 'EADDRNOTAVAIL') return `${where} is no address of this machine: configure another one`;
  }
  if (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS') {
    return `no permission for ${error.path ?? error.message}: make it writable for this user, or name another place`;
  }
  if (error.code === 'ENOTDIR' || error.code === 'EEXIST') return `${error.path ?? error.message} is not a directory`;
  if (error.code === 'ENOSPC') return `no space left for ${error.path ?? 'files'}`;
  if (error.code === 'ECONNREFUSED' || error.code === 'ETIMEDOUT') {
    return `nothing answers at ${where}: start PostgreSQL there, or correct the database url`;
  }
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return `the name in the database url does not resolve: correct it, or check the name service`;
  }
  return undefined;
}

/** Codes of PostgreSQL that a wrong url or a wrong role leads to. */
const DATABASE_TEXTS: Record<string, string> = {
  '28P01': 'PostgreSQL refuses the password: correct the database url',
  '28000': 'PostgreSQL refuses this user: correct the database url or pg_hba.conf',
  '3D000': 'there is no database of this name: create it, or correct the database url',
  '42501': 'the database role may not create tables: make it the owner of the database',
  '53300': 'PostgreSQL has no connections left: raise its max_connections',
  '57P03': 'PostgreSQL is starting up or shutting down: try again in a moment',
};

function databaseText(error: SystemError): string | undefined {
  const text = DATABASE_TEXTS[error.code ?? ''];
  if (text !== undefined) return text;
  if (/timeout exceeded when trying to connect|Connection terminated due to connection timeout/.test(error.message)) {
    return 'PostgreSQL does not answer: check that it runs, and the host and port of the database url';
  }
  return undefined;
}
