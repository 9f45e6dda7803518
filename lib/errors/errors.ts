/**
 * The closed catalogue of API errors: one class, one `kind` each, mapped here and only here to an
 * HTTP status and a gRPC code. Messages are for callers; `cause` is for the log and never leaves
 * the process.
 */
import { limit } from '../limits/limit';
import { status } from '@grpc/grpc-js';
import type { ErrorBody, FieldError } from './error-body';

export type ErrorKind =
  | 'InvalidArgument'
  | 'FailedPrecondition'
  | 'invalid list token'
  | 'Unauthenticated'
  | 'PermissionDenied'
  | 'NotFound'
  | 'Unimplemented'
  | 'ResourceExhausted'
  | 'DeadlineExceeded'
  | 'Unavailable'
  | 'Internal';

export const ERROR_CATALOGUE: Readonly<Record<ErrorKind, { http: number; grpc: status }>> = {
  InvalidArgument: { http: 400, grpc: status.INVALID_ARGUMENT },
  FailedPrecondition: { http: 400, grpc: status.FAILED_PRECONDITION },
  'invalid list token': { http: 400, grpc: status.INVALID_ARGUMENT },
  Unauthenticated: { http: 401, grpc: status.UNAUTHENTICATED },
  PermissionDenied: { http: 403, grpc: status.PERMISSION_DENIED },
  NotFound: { http: 404, grpc: status.NOT_FOUND },
  Unimplemented: { http: 405, grpc: status.UNIMPLEMENTED },
  ResourceExhausted: { http: 429, grpc: status.RESOURCE_EXHAUSTED },
  DeadlineExceeded: { http: 504, grpc: status.DEADLINE_EXCEEDED },
  Unavailable: { http: 503, grpc: status.UNAVAILABLE },
  Internal: { http: 500, grpc: status.INTERNAL },
};

/**
 * The longest text, in characters. Texts may repeat anything that the caller sent; our own texts
 * are much shorter.
 */
const MAX_TEXT = limit('text of an error', 1_000, {
  what: 'message or description of an error',
  unit: 'characters',
  reached: 'the rest is left out',
  test: 'lib/errors/errors.test.ts: an error names so much and no more',
});
/** Field errors of one answer. */
const MAX_FIELDS = limit('fields of an error', 50, {
  what: 'fields that one error names',
  unit: 'fields',
  reached: 'the rest is left out',
  test: 'lib/errors/errors.test.ts: an error names so much and no more',
});

const shortened = (text: string): string => (text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`);

export class ApiError extends Error {
  readonly kind: ErrorKind;
  readonly fields: FieldError[];
  readonly op: string | undefined;
  /** The kind in the body, where clients know another kind than that of the status. */
  readonly shownKind: ErrorKind;

  constructor(
    kind: ErrorKind,
    message: string,
    more: { fields?: FieldError[]; op?: string; cause?: unknown; shownKind?: ErrorKind } = {},
  ) {
    super(shortened(message), { cause: more.cause });
    this.name = 'ApiError';
    this.kind = kind;
    this.fields = (more.fields ?? [])
      .slice(0, MAX_FIELDS)
      .map(({ name, description }) => ({ name: shortened(name), description: shortened(description) }))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    this.op = more.op;
    this.shownKind = more.shownKind ?? kind;
  }

  get httpStatus(): number {
    return ERROR_CATALOGUE[this.kind].http;
  }

  get grpcStatus(): status {
    return ERROR_CATALOGUE[this.kind].grpc;
  }

  body(): ErrorBody {
    return {
      kind: this.shownKind,
      ...(this.op === undefined ? {} : { op: this.op }),
      message: this.message,
      ...(this.fields.length === 0 ? {} : { details: { request_fields: this.fields } }),
    };
  }
}

export const invalidArgument = (message: string, fields: FieldError[] = []): ApiError =>
  new ApiError('InvalidArgument', message, { fields });
