import { attributeValue, longTime, quotedList, utcTime } from './format';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { readFileSync } from 'node:fs';

/** Formats in a process of its own, as the zone of a process is fixed when it starts. */
function localTimeIn(zone: string, text: string): string {
  const source = readFileSync(join(__dirname, 'format.ts'), 'utf8');
  const { code } = transformSync(source, { loader: 'ts', format: 'cjs' });
  const script = `${code}\nconsole.log(module.exports.localTime(${JSON.stringify(text)}))`;
  return execFileSync(process.execPath, ['-e', script], { env: { TZ: zone } })
    .toString()
    .trim();
}

test('times stand in the zone of this machine', () => {
  expect(localTimeIn('UTC', '2023-01-25T00:09:53.123Z')).toBe('Wed, 25 Jan 2023 00:09:53 UTC');
  expect(localTimeIn('America/Denver', '2023-01-25T00:09:53Z')).toBe('Tue, 24 Jan 2023 17:09:53 MST');
});

test('times that are not converted', () => {
  expect(utcTime('2023-01-05T00:09:53.123Z')).toBe('Thu, 05 Jan 2023 00:09:53 UTC');
  expect(longTime('2023-01-24T17:09:53.120Z')).toBe('2023-01-24 17:09:53.12 +0000 UTC');
  expect(longTime('2023-01-24T17:09:50.000Z')).toBe('2023-01-24 17:09:50 +0000 UTC');
  expect(utcTime('nonsense')).toBe('nonsense');
});

test('free-form values', () => {
  expect(attributeValue(null)).toBe('<nil>');
  expect(attributeValue(['a', 1, true])).toBe('[a 1 true]');
  expect(attributeValue(1.5)).toBe('1.5');
  expect(attributeValue({ a: 1 })).toBe('\n{\n  "a": 1\n}');
  expect(quotedList(['a', 'b'])).toBe('["a" "b"]');
});
