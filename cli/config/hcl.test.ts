import { parseHcl } from './hcl';

test('blocks, labels, values and comments', () => {
  const text = `
    # a comment
    disable_mlock = true
    controller { name = "c" // the first
      database { url = "postgres://u:{{encrypt(p)}}@h/d" } }
    listener "tcp" { purpose = "api" }
    listener "tcp" { purpose = ["cluster", "ops"], port = 9201 } /* two of
    them */
    map = { a = "b", "c" = 1.5 }
  `;
  expect(JSON.parse(JSON.stringify(parseHcl(text)))).toEqual({
    disable_mlock: true,
    controller: [{ name: 'c', database: [{ url: 'postgres://u:{{encrypt(p)}}@h/d' }] }],
    listener: [
      { type: 'tcp', purpose: 'api' },
      { type: 'tcp', purpose: ['cluster', 'ops'], port: 9201 },
    ],
    map: { a: 'b', c: 1.5 },
  });
});

test.each([
  'a = ',
  'a {',
  'a = [1',
  'a = "x',
  '}',
  'a = "\\q"',
  'a = <<EOF\nx\nEOF',
  '= 1',
  'a = ['.repeat(50),
  'a { '.repeat(50),
])('no such file: %s', (text) => {
  expect(parseHcl(text)).toBeUndefined();
});

test('a file that nests too deeply is none', () => {
  const nested = (depth: number): string => `a = ${'['.repeat(depth)}${']'.repeat(depth)}`;
  expect(parseHcl(nested(20))).toBeDefined();
  expect(parseHcl(nested(21))).toBeUndefined();
});
