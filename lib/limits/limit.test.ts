import { limitTable } from './limit';

test('a default that the configuration could not state is a mistake of the table', () => {
  const facts = { what: 'things', unit: 'things', reached: 'nothing', test: 'none' };
  const table = (value: number, max: number) => () => limitTable('test.limits', { things: { ...facts, value, max } });
  expect(table(0, 5)).toThrow('the default of test.limits.things is not between 1 and 5');
  expect(table(6, 5)).toThrow('not between 1 and 5');
  expect(table(5, 5)().defaults()).toEqual({ things: 5 });
});
