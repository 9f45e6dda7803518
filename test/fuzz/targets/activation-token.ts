/**
 * What enrolls workers: activation tokens and registration requests, as text and as arbitrary
 * content in base58.
 */
import { createPublicKey } from 'node:crypto';
import { decodeBase58, encodeBase58 } from '../../../lib/ids/base58';
import { decodeActivationToken, encodeActivationToken } from '../../../lib/tls/activation-token';
import { ed25519FromRaw } from '../../../lib/tls/keys';
import {
  decodeRegistrationRequest,
  encodeRegistrationRequest,
  isRegistrationProof,
} from '../../../lib/tls/registration-request';
import { invariant, same, type Target } from '../target';

const PUBLIC_KEY = createPublicKey(ed25519FromRaw(Buffer.alloc(32, 3))).export({ format: 'der', type: 'spki' });
const FIELD = Buffer.alloc(32, 9);
const ACTIVATION = encodeActivationToken({ nonce: FIELD, hmacKey: FIELD, currentCaHash: FIELD, nextCaHash: FIELD });
const REQUEST = encodeRegistrationRequest({ publicKey: PUBLIC_KEY, secret: FIELD });

export const target: Target = {
  seeds: () => [
    ACTIVATION,
    REQUEST,
    decodeBase58(REQUEST)!,
    decodeBase58(ACTIVATION.slice('neslat_'.length))!,
    ` ${REQUEST}\n`,
  ],
  maxLength: 1_024,
  open: () => ({
    run(input) {
      for (const text of [input.toString(), `neslat_${encodeBase58(input)}`, encodeBase58(input)]) {
        const token = decodeActivationToken(text);
        if (token !== undefined)
          same(decodeActivationToken(encodeActivationToken(token)), token, 'an activation token changes');
        const request = decodeRegistrationRequest(text);
        if (request === undefined) continue;
        same(decodeRegistrationRequest(encodeRegistrationRequest(request)), request, 'a registration request changes');
        const proven = isRegistrationProof(input, request.secret, { certificate: input, authorities: [input] });
        invariant(!proven, 'anything is a proof');
      }
    },
  }),
};
