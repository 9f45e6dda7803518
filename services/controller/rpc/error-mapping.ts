/**
 * Turns whatever a handler threw into an {@link ApiError}. Constraint violations are the caller's
 * mistake told by the database, the second line of defence; what the caller cannot have caused
 * stays `Internal` and is logged with its cause.
 */
import { ApiError } from '../../../lib/errors/errors';
import { WorkExceeded } from '../../../lib/limits/work';
import {
  CHECK_VIOLATION,
  FOREIGN_KEY_VIOLATION,
  LIMIT_REACHED,
  UNIQUE_VIOLATION,
  databaseError,
  type DatabaseError,
} from '../db/db';
import { isShapeLimit, SHAPE_LIMITS } from '../shape-limits';

/** Spelled as existing clients know it, two spaces included. */
export const NOT_UNIQUE =
  'Invalid request.  Request attempted to make second resource with the same field value that must be unique.';
const GONE = 'Invalid request.  A resource that this request refers to does not exist any more.';
const NOT_STORABLE = 'Invalid request.  A value is too long, out of range or holds characters that cannot be stored.';
const NO_DATABASE =
  'The controller cannot reach its database at the moment. Try again; if it lasts, check the database.';
const BUSY = 'The request collided with others that change the same resource. Try again.';

const tooMuchWork = (limit: number): string =>
  `The request needs more work than one may cost (controller.limits.request_work, ${limit} steps). Use a simpler filter or a narrower list.`;

/** PostgreSQL: value too long, number out of range, and texts with NUL or an invalid encoding. */
const NOT_STORABLE_CODES = new Set(['22001', '22003', '22021', '22P05', '22008']);
/** PostgreSQL: serialization failure, deadlock, lock not available. */
const BUSY_CODES = new Set(['40001', '40P01', '55P03']);
/**
 * PostgreSQL: shutdown, crash, cannot connect now, too many connections. Class 08 is connection
 * loss.
 */
const DOWN_CODES = new Set(['57P01', '57P02', '57P03', '53300']);
/** Node's codes for connections that fail, and texts of the driver that carry no code. */
const SOCKET_CODES = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN'],
]);
const DRIVER_TEXTS =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i;

/** The error that the caller gets. Its `cause` is the original one, for the log. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof WorkExceeded) return new ApiError('ResourceExhausted', tooMuchWork(error.limit));
  const fromDatabase = databaseError(error);
  if (fromDatabase !== undefined) return mapCode(fromDatabase, error);
  if (isLostConnection(error)) return new ApiError('Unavailable', NO_DATABASE, { cause: error });
  return internal(error);
}

/**
 * A state of the deployment and no mistake of the request: something has to go first, so that
 * clients do not try again.
 */
function limitReached(key: keyof typeof SHAPE_LIMITS, value: string): ApiError {
  const most = Number(value).toLocaleString('en');
  const message = `There can be at most ${most} ${SHAPE_LIMITS[key].what} (controller.limits.${key}). Remove some of them first, or have an operator raise the limit.`;
  return new ApiError('FailedPrecondition', message);
}

function mapCode({ code, constraint, detail }: DatabaseError, cause: unknown): ApiError {
  if (code === LIMIT_REACHED && isShapeLimit(constraint)) return limitReached(constraint, detail ?? '');
  if (code === UNIQUE_VIOLATION) return notUnique(detail ?? '', cause);
  if (code === FOREIGN_KEY_VIOLATION) return new ApiError('InvalidArgument', GONE, { cause });
  if (code === CHECK_VIOLATION) {
    const message = `Invalid request.  The change would break the rule "${constraint ?? 'unnamed'}".`;
    return new ApiError('InvalidArgument', message, { cause });
  }
  if (NOT_STORABLE_CODES.has(code)) return new ApiError('InvalidArgument', NOT_STORABLE, { cause });
  if (BUSY_CODES.has(code)) return new ApiError('Unavailable', BUSY, { cause });
  if (DOWN_CODES.has(code) || code.startsWith('08')) return new ApiError('Unavailable', NO_DATABASE, { cause });
  return internal(cause);
}

/** Fields that a caller names, by the column that holds them. */
const UNIQUE_FIELDS: Readonly<Record<string, string>> = {
  name: 'name',
  'lower(value)': 'value',
  login_name: 'attributes.login_name',
  subject: 'attributes.subject',
};

/** PostgreSQL tells the columns: `Key (scope_id, name)=(p_1, web) already exists.` */
function notUnique(detail: string, cause: unknown): ApiError {
  const columns = /^Key \((.*?)\)=\(/.exec(detail)?.[1]?.split(', ') ?? [];
  const column = columns.at(-1)?.replace(/::\w+/g, '') ?? '';
  const field = Object.hasOwn(UNIQUE_FIELDS, column) ? UNIQUE_FIELDS[column] : undefined;
  if (field === undefined) return new ApiError('InvalidArgument', NOT_UNIQUE, { cause });
  const fields = [{ name: field, description: 'Another one has this value already; choose another value.' }];
  return new ApiError('InvalidArgument', NOT_UNIQUE, { cause, fields });
}

function isLostConnection(error: unknown): boolean {
  const { code, message, syscall } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  // A unix socket that is not there.
  if (code === 'ENOENT') return syscall === 'connect';
  return SOCKET_CODES.has(code ?? '') || DRIVER_TEXTS.test(message ?? '');
}

const internal = (cause: unknown): ApiError => new ApiError('Internal', 'Internal error.', { cause });
