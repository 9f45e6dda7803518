/** Error answers of the controller as text. */
import type { ControllerError } from '../io/errors';
import { row } from './table';

/** Value column of error tables. */
const COLUMN = 23;

export function errorTable(error: ControllerError): string[] {
  const { body, context, status } = error;
  const wrapped = body.details?.wrapped_errors ?? [];
  const fields = (body.details?.request_fields ?? []).filter((field) => field.name !== 'update_mask');
  return [
    context,
    '',
    'Error information:',
    row(2, 'Kind', body.kind, COLUMN),
    row(2, 'Message', body.message, COLUMN),
    ...(body.op === undefined ? [] : [row(2, 'Operation', body.op, COLUMN)]),
    row(2, 'Status', status, COLUMN),
    row(2, 'context', context, COLUMN),
    ...(wrapped.length === 0 ? [] : ['', '  Wrapped Errors:']),
    ...wrapped.flatMap((w) => [row(4, 'Message', w.message, COLUMN + 2), row(4, 'Operation', w.op, COLUMN + 2)]),
    ...(fields.length === 0 ? [] : ['', '  Field-specific Errors:']),
    ...fields.flatMap((f) => [row(4, 'Name', `-${flagOf(f.name)}`, COLUMN), row(6, 'Error', f.description, COLUMN)]),
  ];
}

/** The flag that fills a field of the API. */
export const flagOf = (field: string): string => field.replace(/^attributes\./, '').replaceAll('_', '-');

/** The same as one JSON object. */
export const errorObject = (error: ControllerError): object => ({
  context: error.context,
  status_code: error.status,
  api_error: error.body,
});
