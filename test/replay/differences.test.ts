/** The list of intended differences and what it makes of a replay. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { listedDifferences, problems } from './differences';

/** More than that would be no drop-in replacement. */
const MAX_DIFFERENCES = 26;

test('the list in docs/compatibility.md is found, and short', () => {
  const listed = listedDifferences(readFileSync(resolve(__dirname, '../../docs/compatibility.md'), 'utf8'));
  expect(listed.http.size).toBeGreaterThan(0);
  expect(listed.cli.size).toBeGreaterThan(0);
  expect(listed.http.size + listed.cli.size).toBeLessThanOrEqual(MAX_DIFFERENCES);
});

test('rows are told from other tables', () => {
  const text =
    '| recording | step |\n|---|---|\n| http | users/set: a, b | why |\n| cli | errors/-version | why |\n| http | x |\n';
  expect(listedDifferences(text)).toEqual({ http: new Set(['users/set: a, b']), cli: new Set(['errors/-version']) });
  expect(() => listedDifferences('| cli | a/b | x |\n| cli | a/b | y |')).toThrow('cli a/b is listed twice');
});

test('steps that differ without being listed are problems, and those that are listed and pass', () => {
  const step = (name: string, ok: boolean) => ({
    scenario: 's',
    step: name,
    ok,
    fails: ok ? [] : ['status: 1, not 2'],
  });
  const steps = [
    step('passes', true),
    step('differs', false),
    step('differs on purpose', false),
    step('was mended', true),
  ];
  expect(problems(steps, new Set(['s/differs on purpose', 's/was mended', 's/not in this recording']))).toEqual([
    's/differs:\n  status: 1, not 2',
    's/was mended: is listed as a difference and passes',
  ]);
});
