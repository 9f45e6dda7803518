import { ApiError } from './errors';

test('an error names so much and no more', () => {
  const fields = Array.from({ length: 60 }, (_, i) => ({ name: `f${i}`, description: 'd'.repeat(2_000) }));
  const error = new ApiError('InvalidArgument', 'm'.repeat(2_000), { fields });
  expect(error.message).toHaveLength(1_001);
  expect(error.fields).toHaveLength(50);
  expect(error.fields[0]!.description).toHaveLength(1_001);
});
