import fc from 'fast-check';
import { visible, visibleLine } from './visible';

test.each([
  ['an escape sequence', '\u001b[31mred', '\\u001b[31mred'],
  ['a control of eight bits', '\u009b2J', '\\u009b2J'],
  ['delete, bell, backspace', '\u007f\u0007\b', '\\u007f\\u0007\\u0008'],
  ['a carriage return alone', 'ok\rfake', 'ok\\u000dfake'],
  ['directions', '\u202e\u2066\u200f\u061c', '\\u202e\\u2066\\u200f\\u061c'],
  ['no width', 'a\u200bb\u200dc\u2060\ufeff\u00ad', 'a\\u200bb\\u200dc\\u2060\\ufeff\\u00ad'],
  ['other ends of lines', 'a\u2028b\u2029c\u0085', 'a\\u2028b\\u2029c\\u0085'],
  ['tags, as the two units of JSON', '\u{e0041}', '\\udb40\\udc41'],
  ['half a character', 'x\ud800y', 'x\\ud800y'],
])('%s', (_, text, shown) => expect(visible(text)).toBe(shown));

test('letters, signs and layout stay', () => {
  const text = 'Ünïcödé 漢字 עברית 👍🏽 ❤️ \u00a0\n\ttab';
  expect(visible(text)).toBe(text);
  expect(visible('a\r\nb')).toBe('a\nb');
  expect(visibleLine('a\r\nb\tc')).toBe('a\\u000ab\\u0009c');
});

test('twice is once, and JSON stays the same JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visible(visible(text))).toBe(visible(text));
      expect(JSON.parse(visible(JSON.stringify(text)))).toBe(text);
    }),
  );
});
