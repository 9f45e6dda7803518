import { Recent } from './recent';

test('what is used stays, what is not is forgotten', () => {
  const recent = new Recent<number, string>(10);
  for (let i = 0; i < 100; i++) {
    recent.set(i, `${i}`);
    expect(recent.get(0)).toBe('0');
  }
  expect(Array.from({ length: 100 }, (_, i) => i).filter((i) => recent.get(i) !== undefined).length).toBeLessThan(21);
  expect([recent.get(99), recent.get(50)]).toEqual(['99', undefined]);
});
