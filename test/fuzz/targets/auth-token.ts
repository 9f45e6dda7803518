/** Auth tokens as they come: in a header, or alone. */
import { splitToken } from '../../../services/controller/auth-tokens/tokens';
import { bearerToken } from '../../../services/controller/rpc/correlation';
import { invariant, same, type Target } from '../target';

const TOKEN = `at_1234567890_s1${'a'.repeat(40)}`;

export const target: Target = {
  seeds: () => [TOKEN, `Bearer ${TOKEN}`, `bearer   ${TOKEN}  `, `Basic ${TOKEN}`, `${TOKEN}_${TOKEN}`],
  words: ['Bearer ', 'at_', '_s1', ' ', '\t', TOKEN],
  maxLength: 8_192,
  open: () => ({
    run(input) {
      for (const text of [input.toString(), input.toString('latin1')]) {
        const bearer = bearerToken(text);
        invariant(bearer === undefined || (text.includes(bearer) && !/\s/.test(bearer)), 'a token that was not sent');
        const parts = splitToken(bearer ?? text);
        if (parts === undefined) continue;
        same(`${parts.id}_${parts.secret}`, bearer ?? text, 'a token in parts is another token');
      }
    },
  }),
};
