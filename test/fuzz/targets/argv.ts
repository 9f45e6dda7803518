/** Command lines, a word a line: flags of commands, and what `connect` takes as a token. */
import { asksForHelp, readCommandLine } from '../../../cli/program/command-line';
import type { Flag } from '../../../cli/core/command';
import { UsageError } from '../../../cli/io/errors';
import { CLIENT, CONNECTION } from '../../../cli/core/flags';
import { parseAs } from '../../../cli/testing/parse';
import { tokenIn } from '../../../cli/connect/session-token';
import { invariant, outcome, type Target } from '../target';

const FLAGS: readonly Flag[] = [
  ...CONNECTION.flags,
  ...CLIENT.flags,
  { name: 'max', type: 'uint', max: 100, description: '' },
  { name: 'number', type: 'int', description: '' },
  { name: 'wait', type: 'duration', description: '' },
  { name: 'attr', type: 'list', description: '' },
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
      for (const more of [{}, { alias: 'token-name' }, { passthrough: true }]) {
        const call = outcome(() => parseAs(FLAGS, words, {}, more), UsageError);
        if (!('value' in call)) continue;
        invariant(call.value.rest.length <= words.length, 'words from nowhere');
        invariant(Object.keys(call.value.args).length === FLAGS.length, 'not one value for each flag');
      }
      invariant(typeof asksForHelp(words) === 'boolean', 'no answer');
      const { given } = readCommandLine(words, FLAGS);
      invariant(
        given.every(({ text }) => text === 'true' || input.toString().includes(text)),
        'a value from nowhere',
      );
      const token = outcome(() => tokenIn(input.toString()), UsageError);
      invariant('error' in token || typeof token.value === 'string', 'a token that is no text');
    },
  }),
};
