import { parseDuration } from './duration';

test.each([
  ['90', 90_000],
  ['1.5', 1_500],
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['1.5us', 0.0015],
  ['-5s', -5_000],
  ['.5h', 1_800_000],
  ['-', undefined],
  ['', undefined],
  ['1x', undefined],
  // No number holds these: a timer would fire at once.
  ['9'.repeat(400), undefined],
  [`${'9'.repeat(400)}h`, undefined],
  ['9007199254740993ms', undefined],
])('duration %p', (text, ms) => expect(parseDuration(text)).toBe(ms));
