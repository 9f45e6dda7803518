/** Filter expressions: one class of errors, and evaluations that never throw. */
import { compileFilter, FilterSyntaxError } from '../../../lib/filter/filter';
import { invariant, outcome, type Target } from '../target';

const VALUES: unknown[] = [
  {
    item: {
      id: 'g_1',
      name: 'web',
      list: ['a', 'b', 1, null],
      nested: { deep: { tags: { a: ['x'] } } },
      on: true,
      n: 1.5,
    },
  },
  { item: { id: 'a'.repeat(500), list: Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, list: [] })) } },
  { name: 'w', tags: { region: ['eu', 'us'], type: [] } },
  {},
  null,
  'text',
];

/** Undefined: the expression cannot be evaluated on the value. */
const ANSWERS = [true, false, undefined];

export const target: Target = {
  seeds: () => [
    '"/item/name" == "web" and "/item/id" matches "g_.*"',
    'not ("/item/on" != true) or "a" in "/item/list"',
    'any "/item/list" as x { x == "a" or "/item/n" == 1.5 }',
    'all item.nested as k, v { k contains "d" and v is not empty }',
    '"/tags/region" contains `eu` or name not matches "^[a-z]{2,5}$"',
    'item["id"] == "\\u0061\\x62\\101"',
    '"/item/id" matches "(a|aa)+$" and "/item/id" matches "(?i)\\\\pL{1,20}b"',
  ],
  words: [
    ' and ',
    ' or ',
    'not ',
    ' matches ',
    ' in ',
    ' is empty',
    ' contains ',
    '"/item/list"',
    '{1000}',
    '\\\\pL',
    '(?:',
    '[^a-z]',
    '*',
    '+?',
  ],
  maxLength: 2_048,
  steps: { base: 2_000_000, perByte: 20_000 },
  open: () => ({
    run(input) {
      const compiled = outcome(() => compileFilter(input.toString()), FilterSyntaxError);
      if ('error' in compiled) return;
      for (const value of VALUES) invariant(ANSWERS.includes(compiled.value.evaluate(value)), 'no answer');
    },
  }),
};
