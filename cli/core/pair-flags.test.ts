import { contextOf, parseAs } from '../testing/parse';
import { memoryIo } from '../testing/run';
import { addPluginObjects } from '../resources/plugin-fields';
import { UsageError } from '../io/errors';
import type { Body } from './fields';
import { pairedObject, pairFlags } from './pair-flags';

const KV = { whole: 'object', piece: 'kv' };

function objectOf(words: string[], env: NodeJS.ProcessEnv = {}): unknown {
  const { io } = memoryIo({ env });
  return pairedObject(contextOf(parseAs(pairFlags(KV, 'the object'), words, env), io), KV);
}

test('the type follows from the value, or is told by the flag', () => {
  expect(objectOf([])).toBeUndefined();
  expect(objectOf(['-kv', 'a=x', '-kv', 'b=1.5', '-kv', 'c=true', '-kv', 'd', '-kv', 'e=null'])).toEqual({
    a: 'x',
    b: 1.5,
    c: true,
    d: null,
    e: null,
  });
  expect(objectOf(['-kv', 'a=[1,"x"]', '-kv', 'b={"c":1}', '-kv', 'x=a=b,c'])).toEqual({
    a: [1, 'x'],
    b: { c: 1 },
    x: 'a=b,c',
  });
  expect(objectOf(['-string-kv', 'a=1', '-num-kv', 'b=1', '-bool-kv', 'c=false'])).toEqual({ a: '1', b: 1, c: false });
});

test('keys nest, collect into lists, and null starts over, in the order of the command line', () => {
  expect(objectOf(['-kv', 'a.b=1', '-kv', 'a.c=2'])).toEqual({ a: { b: 1, c: 2 } });
  expect(objectOf(['-string-kv', 'a=1', '-kv', 'a=2', '-num-kv', 'a=3'])).toEqual({ a: ['1', 2, 3] });
  expect(objectOf(['-kv', 'a=1', '-kv', 'a=null'])).toEqual({ a: null });
});

test('any number of pieces is taken', () => {
  const family = { whole: 'attributes', piece: 'attr' };
  const many = Array.from({ length: 150_000 }, (_, n) => n);
  const words = many.flatMap((n) => ['-attr', `k${n}=${n}`, '-num-attr', `list=${n}`]);
  const body: Body = { item: {}, mask: [] };
  const context = contextOf(parseAs(pairFlags(family, 'the object'), words), memoryIo().io);
  addPluginObjects(context, body, 'update', [family]);
  expect(body.mask).toHaveLength(many.length + 1);
  expect(body.item.attributes).toMatchObject({ k0: 0, k149999: 149_999, list: many });
});

test('whole objects and values stand elsewhere', () => {
  expect(objectOf(['-object', 'env://O'], { O: '{"a":1}' })).toEqual({ a: 1 });
  expect(objectOf(['-kv', 'a=env://V'], { V: 'secret' })).toEqual({ a: 'secret' });
  expect(objectOf(['-string-kv', 'a=env://V'], { V: ' s \n' })).toEqual({ a: ' s ' });
  expect(objectOf(['-string-kv', 'a= s '])).toEqual({ a: ' s ' });
});

test.each([
  [['-object', 'nope']],
  [['-object', '[1]']],
  [['-object', '{}', '-kv', 'a=1']],
  [['-kv', '=1']],
  [['-kv', 'a-b=1']],
  [['-kv', 'a=[1']],
  [['-num-kv', 'a=x']],
  [['-bool-kv', 'a=yes']],
  [['-string-kv', 'a']],
])('%j is refused', (words) => {
  expect(() => objectOf(words)).toThrow(UsageError);
});
