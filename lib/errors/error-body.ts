/**
 * How an error answer crosses the network: in the body of HTTP answers, and in trailers of gRPC.
 */

/**
 * One field of a request that is not acceptable: its name as in the JSON body, dotted when nested,
 * and why.
 */
export interface FieldError {
  name: string;
  description: string;
}

/** JSON body of an error answer. Servers of the same API have kinds that ours does not. */
export interface ErrorBody {
  kind: string;
  op?: string;
  message: string;
  details?: Details;
}

interface Details {
  request_fields?: FieldError[];
  /** Other servers only. */
  wrapped_errors?: { op: string; message: string }[];
}

/** gRPC trailer that carries the {@link ErrorBody} as UTF-8 JSON. */
export const ERROR_BODY_TRAILER = 'sallyport-error-bin';
/** gRPC trailer with the HTTP status of the same error, decimal. */
export const HTTP_STATUS_TRAILER = 'sallyport-http-status';

/**
 * What an answer holds, or undefined when it is no error body; fields of another form are left out.
 */
export function readErrorBody(value: unknown): ErrorBody | undefined {
  if (!isObject(value) || typeof value.kind !== 'string' || typeof value.message !== 'string') return undefined;
  const { op, details } = value;
  return {
    kind: value.kind,
    ...(typeof op === 'string' ? { op } : {}),
    message: value.message,
    ...(isObject(details) ? { details: readDetails(details) } : {}),
  };
}

const readDetails = ({ request_fields, wrapped_errors }: Record<string, unknown>): Details => ({
  ...(Array.isArray(request_fields) ? { request_fields: textsIn(request_fields, 'name', 'description') } : {}),
  ...(Array.isArray(wrapped_errors) ? { wrapped_errors: textsIn(wrapped_errors, 'op', 'message') } : {}),
});

const textsIn = <K extends string>(values: readonly unknown[], ...names: readonly K[]): Record<K, string>[] =>
  values
    .filter(isObject)
    .filter((value) => names.every((name) => typeof value[name] === 'string'))
    .map((value) => Object.fromEntries(names.map((name) => [name, value[name]])) as Record<K, string>);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
