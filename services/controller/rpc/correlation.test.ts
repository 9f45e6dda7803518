import { bearerToken } from './correlation';

test('a token that is longer than any is none', () => {
  expect(bearerToken('Bearer at_1_x')).toBe('at_1_x');
  expect(bearerToken(`Bearer ${'x'.repeat(5_000)}`)).toHaveLength(4_096 - 'Bearer '.length);
});
