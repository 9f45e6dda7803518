import { wrapBlocks, wrapLine } from './wrap';

test('what does not fit goes on at the indent of its line, not under the value', () => {
  const line = `    Description:          Provides initial administrative and unprivileged authentication into Boundary`;
  expect(wrapLine(line, 78)).toBe(
    '    Description:          Provides initial administrative and unprivileged\n    authentication into Boundary',
  );
});

test('runs of spaces inside a line survive', () => {
  expect(wrapLine('  Message:             Invalid request.  Request attempted', 78)).toBe(
    '  Message:             Invalid request.  Request attempted',
  );
});

test('a word longer than the width stands on a line of its own', () => {
  const token = '3'.repeat(200);
  expect(wrapLine(`  Authorization Token:   ${token}`, 78)).toBe(`  Authorization Token:\n  ${token}`);
});

test('a line that fits exactly stays whole', () => {
  expect(wrapLine('  abc def', 9)).toBe('  abc def');
  expect(wrapLine('  abc def', 8)).toBe('  abc\n  def');
});

test('the lines of a block take the indent of its first line; space at the ends is cut', () => {
  expect(wrapLine('    a: \n      {\n  "b": 1   ', 78)).toBe('    a:\n    {\n    "b": 1');
  expect(wrapBlocks(['', 'x  ', ''], 78)).toBe('\nx\n');
});

test('a line that goes on may use the margin of two columns, one that starts may not', () => {
  expect(wrapLine('  abc def ghi jk', 9)).toBe('  abc def\n  ghi jk');
  expect(wrapLine('  abc def ghij klmn', 9)).toBe('  abc def\n  ghij klmn');
  expect(wrapLine('  abc defg', 9)).toBe('  abc\n  defg');
  expect(wrapLine('  abc defg hij k', 9)).toBe('  abc\n  defg hij\n  k');
});
