/**
 * List tokens: arbitrary text, and arbitrary content in base58. Only API errors; what is accepted
 * was written with the key, so that it is written again as the same text.
 */
import { ApiError } from '../../../lib/errors/errors';
import { decodeBase58, encodeBase58 } from '../../../lib/ids/base58';
import { createListTokens, type ListPhase } from '../../../services/controller/resources/list-token';
import { invariant, outcome, same, type Target } from '../target';

const TOKENS = createListTokens(Buffer.alloc(32, 1));
const NOW = 1_700_000_000_000;
const EXPECTED = { resourceType: 'target', grantsHash: 'hash', nowMs: NOW };

const content = (phase: ListPhase): Buffer =>
  decodeBase58(TOKENS.encode({ resourceType: 'target', grantsHash: 'hash', createdMs: NOW, phase }))!;

export const target: Target = {
  seeds: () => [
    content({ kind: 'pages', began: NOW, after: [NOW, 'ttcp_1'] }),
    content({ kind: 'pages', began: NOW, after: [-8e15, 'ttcp_1'] }),
    content({ kind: 'pages', began: NOW, after: [NOW, '\0'] }),
    content({ kind: 'ended', began: NOW }),
    content({ kind: 'refresh', began: NOW, since: NOW, after: [NOW, 'ttcp_1'], removedAfter: [NOW, ''] }),
  ],
  words: [
    '"pages"',
    '"refresh"',
    '"ended"',
    '1700000000000',
    '-62135596800001',
    '-8640000000000000',
    '\\u0000',
    'null',
  ],
  maxLength: 1_024,
  open: () => ({
    run(input) {
      for (const text of [input.toString(), encodeBase58(input)]) {
        const read = outcome(() => TOKENS.decode(text, EXPECTED), ApiError);
        if ('error' in read) {
          invariant((read.error as ApiError).httpStatus < 500, 'a bad token is an error of ours');
          continue;
        }
        const { resourceType, grantsHash } = EXPECTED;
        const token = TOKENS.encode({ resourceType, grantsHash, createdMs: NOW, phase: read.value });
        same(token, text, 'a token changes when it is written again');
      }
    },
  }),
};
