import { ControllerError } from '../io/errors';
import { errorObject, errorTable } from './errors';
import { jsonLine } from './json';
import { wrapBlocks } from '../io/wrap';

const fields = [
  { name: 'attributes.default_port', description: 'This field is required.' },
  { name: 'update_mask', description: 'not shown' },
];
const error = new ControllerError('performing create on tcp-type target', 400, {
  kind: 'InvalidArgument',
  message: 'Error in provided request.',
  details: { request_fields: fields },
});

test('the table wraps the context and names the flags of wrong fields', () => {
  expect(wrapBlocks(errorTable(error), 78)).toBe(`Error from controller when performing create on tcp-type target

Error information:
  Kind:                InvalidArgument
  Message:             Error in provided request.
  Status:              400
  context:             Error from controller when performing create on
  tcp-type target

  Field-specific Errors:
    Name:              -default-port
      Error:           This field is required.`);
});

test('wrapped errors and the operation', () => {
  const body = { kind: 'Internal', message: 'm', op: 'o', details: { wrapped_errors: [{ op: 'p', message: 'n' }] } };
  expect(errorTable(new ControllerError('performing read on host', 500, body)).slice(3)).toEqual([
    '  Kind:                Internal',
    '  Message:             m',
    '  Operation:           o',
    '  Status:              500',
    '  context:             Error from controller when performing read on host',
    '',
    '  Wrapped Errors:',
    '    Message:             n',
    '    Operation:           p',
  ]);
});

test('the JSON form, safe inside HTML', () => {
  expect(
    jsonLine(errorObject(new ControllerError('performing read on host', 404, { kind: 'NotFound', message: '<a&b>' }))),
  ).toBe(
    '{"context":"Error from controller when performing read on host","status_code":404,' +
      '"api_error":{"kind":"NotFound","message":"\\u003ca\\u0026b\\u003e"}}',
  );
});
