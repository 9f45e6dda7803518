/** Queries of the cache: one class of errors, and predicates that never throw. */
import { compileQuery, QuerySyntaxError } from '../../../lib/query/query';
import { Work } from '../../../lib/limits/work';
import { invariant, outcome, type Target } from '../target';

const COLUMNS = ['id', 'name', 'description', 'address', 'scope_id'];
const ROWS: Record<string, string | undefined>[] = [
  { id: 'ttcp_1', name: 'Web', description: 'a "quoted" text', address: '10.0.0.1' },
  { id: 'x'.repeat(1_000), name: '', scope_id: 'p_1' },
  {},
];

export const target: Target = {
  seeds: () => [
    'name = "web"',
    `(id % 'tt' or name != "x") and description % \`q\``,
    '((name=a) and (id>=b)) or scope_id<=c',
    'name = "a\\"b"',
    `${'('.repeat(50)}id=a${')'.repeat(50)}`,
  ],
  words: [...COLUMNS, ' and ', ' or ', '=', '!=', '<=', '%', '"a"', '\\"'],
  maxLength: 2_048,
  open: () => ({
    run(input) {
      const compiled = outcome(() => compileQuery(input.toString(), COLUMNS), QuerySyntaxError);
      if ('error' in compiled) return;
      for (const row of ROWS) {
        const matches = compiled.value((column) => row[column], new Work(Infinity, Infinity));
        invariant(typeof matches === 'boolean', 'no answer');
      }
    },
  }),
};
