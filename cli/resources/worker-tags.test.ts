import { tagsOf } from './worker-tags';

test('keys and values are whatever the API takes; what the short form cannot say is JSON', () => {
  expect(tagsOf(['region=eu-west-1, us_2', 'a.b/c=x y', 'region=ap', '1=ü'])).toEqual({
    region: ['eu-west-1', 'us_2', 'ap'],
    'a.b/c': ['x y'],
    '1': ['ü'],
  });
  expect(tagsOf(['k=a=b', '{"x=y": ["1,2", " "], "k": ["c"]}', '{x=1'])).toEqual({
    k: ['a=b', 'c'],
    'x=y': ['1,2', ' '],
    '{x': ['1'],
  });
});

test.each(['', 'k', '=v', 'k=', 'k=a,,b', '{"k": "v"}', '{"k": [1]}'])('%s is no tag', (text) => {
  expect(() => tagsOf([text])).toThrow('-tag');
});
