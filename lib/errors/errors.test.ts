import { readErrorBody } from './error-body';
import { ApiError } from './errors';

test('an error names so much and no more', () => {
  const fields = Array.from({ length: 60 }, (_, i) => ({ name: `f${i}`, description: 'd'.repeat(2_000) }));
  const error = new ApiError('InvalidArgument', 'm'.repeat(2_000), { fields });
  expect(error.message).toHaveLength(1_001);
  expect(error.fields).toHaveLength(50);
  expect(error.fields[0]!.description).toHaveLength(1_001);
});

test('an error body is read as it was written, and nothing else is one', () => {
  const fields = [{ name: 'name', description: 'too long' }];
  const body = new ApiError('InvalidArgument', 'm', { fields, op: 'o' }).body();
  expect(readErrorBody(JSON.parse(JSON.stringify(body)))).toEqual(body);
  const foreign = { kind: 'Other', message: 'm', details: { wrapped_errors: [{ op: 'a', message: 'b' }] } };
  expect(readErrorBody(foreign)).toEqual(foreign);
  for (const value of [undefined, null, 1, 'kind', [], {}, { kind: 'a' }, { kind: 1, message: 'm' }])
    expect(readErrorBody(value)).toBeUndefined();
  const odd = { kind: 'k', message: 'm', details: { request_fields: [null, 1, { name: 'n' }], wrapped_errors: 'w' } };
  expect(readErrorBody(odd)).toEqual({ kind: 'k', message: 'm', details: { request_fields: [] } });
});
