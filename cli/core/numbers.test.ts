import { parseBoolean, parseDuration, parseInteger } from './numbers';

test.each([
  ['12', 12],
  ['-1', -1],
  ['0x1F', 31],
  ['0o17', 15],
  ['017', 15],
  ['0b101', 5],
  ['1.5', undefined],
  ['', undefined],
  ['12a', undefined],
  ['99999999999999999999', undefined],
])('integer %p', (text, value) => expect(parseInteger(text)).toBe(value));

test.each([
  ['90', 90_000],
  ['45s', 45_000],
  ['1h30m', 5_400_000],
  ['1.5m', 90_000],
  ['-5s', -5_000],
  ['250ms', 250],
  ['system', -1_000],
  ['soon', undefined],
  ['1x', undefined],
  ['', undefined],
  ['9'.repeat(400), undefined],
])('duration %p', (text, value) => expect(parseDuration(text)).toBe(value));

test.each([
  ['true', true],
  ['F', false],
  ['yes', undefined],
  ['toString', undefined],
])('boolean %p', (text, value) => expect(parseBoolean(text)).toBe(value));
