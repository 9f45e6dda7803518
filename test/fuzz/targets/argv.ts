/** Command lines, a word a line: flags of commands, and what `connect` takes as a token. */
import { asksForHelp, formatOf, parseArgv } from '../../../cli/core/argv';
import type { Flag } from '../../../cli/core/command';
import { UsageError } from '../../../cli/core/errors';
import { CLIENT, CONNECTION } from '../../../cli/core/flags';
import { tokenIn } from '../../../cli/connect/session-token';
import { invariant, outcome, type Target } from '../target';

const FLAGS: Flag[] = [
  ...CONNECTION.flags,
  ...CLIENT.flags,
  { name: 'max', type: 'uint', max: 100, description: '' },
  { name: 'number', type: 'int', description: '' },
  { name: 'wait', type: 'duration', description: '' },
  { name: 'attr', type: 'pairs', description: '' },
];

export const target: Target = {
  seeds: () => [
    '-addr\nhttp://127.0.0.1:9200\n--tls-insecure\n-format=json\nword\n--\n-x',
    'alias\n-max=3\n-number\n-0x1f\n-wait\n1h30m\n-attr\na=b',
    '{"item":{"authorization_token":"abc"}}',
    '-tls-insecure=maybe\n-h',
  ],
  words: [
    '\n',
    '\n-',
    '\n--',
    '=',
    ...FLAGS.map((flag) => `-${flag.name}`),
    '"authorization_token":',
    'null',
    '1e99',
    '9'.repeat(400),
  ],
  maxLength: 1_024,
  open: () => ({
    run(input) {
      const words = input.toString().split('\n');
      for (const alias of [false, true]) {
        const values = outcome(() => parseArgv(words, FLAGS, { env: {}, alias }), UsageError);
        if ('value' in values) invariant(values.value.rest.length <= words.length, 'words from nowhere');
      }
      invariant(typeof asksForHelp(words) === 'boolean', 'no answer');
      const format = formatOf(words);
      invariant(format === undefined || input.toString().includes(format), 'a format from nowhere');
      const token = outcome(() => tokenIn(input.toString()), UsageError);
      invariant('error' in token || typeof token.value === 'string', 'a token that is no text');
    },
  }),
};
