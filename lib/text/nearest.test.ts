import { nearest } from './nearest';

const WORDS = ['targets', 'hosts', 'host-sets', 'scopes', 'roles', 'users'];

test.each([
  ['target', 'targets'],
  ['tragets', 'targets'],
  ['host-set', 'host-sets'],
  ['usres', 'users'],
  ['nope', undefined],
  ['kubernetes', undefined],
])('%p is nearest to %p', (word, near) => expect(nearest(word, WORDS)).toBe(near));

test('a word much longer than every candidate is compared with none', () => {
  const made = jest.spyOn(Array, 'from');
  expect(nearest('x'.repeat(10_000), WORDS)).toBeUndefined();
  expect(made).not.toHaveBeenCalled();
  made.mockRestore();
});
