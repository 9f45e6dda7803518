/**
 * The ways in which a command fails. The class decides the exit status. Everything else that is
 * thrown is a bug or a local failure, and gives status 2.
 */

import type { ErrorBody } from '../../lib/errors/error-body';

/** Exit statuses of the CLI. A child of `connect` hands its own status through. */
export const EXIT = { ok: 0, refused: 1, local: 2, usage: 3, unknownCommand: 127 } as const;

/** The user has to change the command line: bad flag, missing value, refused prompt. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The words lead to no command. */
export class UnknownCommand extends Error {
  override readonly name = 'UnknownCommand';
}

/** A failure on this machine or on the way to the controller. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
}

/** `-format` is neither table nor json. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** The controller refused. */
export class ControllerError extends Error {
  override readonly name: string = 'ControllerError';
  /** `doing` completes "Error from controller when …". */
  constructor(
    readonly doing: string,
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(body.message);
  }

  get context(): string {
    return `Error from controller when ${this.doing}`;
  }
}

/** The session that a token is for has ended at the server's side. */
export class SessionOver extends Error {
  override readonly name = 'SessionOver';
}

/** The cache refused. */
export class CacheError extends ControllerError {
  override readonly name = 'CacheError';
  override get context(): string {
    return `Error from cache when performing ${this.doing}`;
  }
}

/** Not a failure: ends a command that was asked for its curl command only. */
export class CurlCommand extends Error {
  override readonly name = 'CurlCommand';
}
