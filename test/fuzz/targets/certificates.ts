/** DER and PEM: certificate requests, certificates, raw keys. */
import { createCertificateRequest, publicKeyHash, publicKeyOfRequest } from '../../../lib/tls/certificates';
import { dersFromPem, ed25519FromRaw, pemFromDer, rawFromEd25519 } from '../../../lib/tls/keys';
import { createSessionCertificate } from '../../../lib/tls/session-certificate';
import { invariant, outcome, same, type Target } from '../target';

const KEY = ed25519FromRaw(Buffer.alloc(32, 3));
const session = (): Buffer =>
  createSessionCertificate({
    sessionId: 's_1234567890',
    workerHosts: ['worker.example', '10.0.0.1', '::1'],
    now: new Date(1_700_000_000_000),
    expiration: new Date(1_700_003_600_000),
  }).certificate;
let request: Buffer = Buffer.alloc(0);

export const target: Target = {
  seeds: () => [
    session(),
    request,
    pemFromDer(session()),
    `text\n${pemFromDer(Buffer.of(1, 2))}${pemFromDer(Buffer.of(3), 'CERTIFICATE REQUEST')}`,
    Buffer.alloc(64, 3),
  ],
  words: [
    Buffer.of(0x30, 0x80),
    Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
    Buffer.of(0, 0),
    '-----BEGIN CERTIFICATE-----',
    '-----END ',
  ],
  maxLength: 1_024,
  async open() {
    request = await createCertificateRequest(KEY);
    return {
      async run(input) {
        const publicKey = await publicKeyOfRequest(input);
        invariant(publicKey === undefined || publicKey.length === 44, 'a key that is not Ed25519');
        // Certificates of strangers pass TLS first; this may refuse them, in time.
        const hash = outcome(() => publicKeyHash(input), Error);
        invariant('error' in hash || hash.value.length === 32, 'a hash of the wrong length');
        const ders = dersFromPem(input.toString('latin1')).filter((der) => der.length > 0);
        same(dersFromPem(ders.map((der) => pemFromDer(der)).join('')), ders, 'PEM reads back differently');
        const raw = outcome(() => ed25519FromRaw(input), Error);
        if ('value' in raw) same(rawFromEd25519(raw.value).subarray(0, 32), input.subarray(0, 32), 'a key changes');
      },
    };
  },
};
