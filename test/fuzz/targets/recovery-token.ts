/** Recovery tokens: arbitrary text, and arbitrary content that the right key has sealed. */
import { sealBlob } from '../../../lib/config/sealed';
import { encodeBase58 } from '../../../lib/ids/base58';
import { makeRecoveryToken, openRecoveryToken, RecoveryTokenError } from '../../../lib/recovery/recovery-token';
import { invariant, outcome, type Target } from '../target';

const KEY = { id: 'recovery', key: Buffer.alloc(32, 1) };
const NOW = new Date(1_700_000_000_000);

export const target: Target = {
  seeds: () => [
    makeRecoveryToken(KEY, NOW),
    JSON.stringify({ nonce: Buffer.alloc(32, 5).toString('base64'), creation_time: NOW.toISOString() }),
    '{"nonce":null}',
    'null',
  ],
  words: ['r_1', '"nonce"', '"creation_time"', NOW.toISOString(), '2023-11-14', '+275760-09-13T00:00:00.000Z'],
  maxLength: 1_024,
  open: () => ({
    run(input) {
      for (const text of [
        input.toString(),
        `r_1${encodeBase58(sealBlob(KEY, input.toString()))}`,
        `r_1${encodeBase58(input)}`,
      ]) {
        const read = outcome(() => openRecoveryToken(KEY, text, NOW), RecoveryTokenError);
        if ('error' in read) continue;
        const { nonce, expires } = read.value;
        invariant(nonce.length === 32, 'a nonce of the wrong length');
        const left = expires.getTime() - NOW.getTime();
        invariant(left > 0 && left <= 6 * 60_000, `a token that is good for ${left} ms`);
      }
    },
  }),
};
