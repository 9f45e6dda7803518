/**
 * Certificates of sessions, whose names workers state: Node reads back the names that were put in.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSessionCertificate } from '../../../lib/tls/session-certificate';
import { invariant, type Target } from '../target';

export const target: Target = {
  seeds: () => [
    's_1234567890\nworker.example\n10.0.0.1\n::ffff:10.0.0.1\nfe80::1%eth0',
    's_1\n1::\n::\n1:2:3:4:5:6:7:8',
    's_1',
  ],
  words: ['\n', '::', '%', '10.0.0.1', ':ffff:', '.', 'a'.repeat(300)],
  maxLength: 1_024,
  open: () => ({
    run(input) {
      const [sessionId = '', ...workerHosts] = input.toString().split('\n').slice(0, 20);
      const { certificate, privateKey } = createSessionCertificate({
        sessionId,
        workerHosts,
        now: new Date(1_700_000_000_000),
        expiration: new Date(1_700_003_600_000 + input.length * 1e10),
      });
      const read = new X509Certificate(certificate);
      invariant(privateKey.length === 64 && read.verify(read.publicKey), 'a certificate that does not verify');
      invariant(
        certificate.length < 1_000 + 2 * input.length + 40 * workerHosts.length,
        'a certificate out of proportion',
      );
      for (const host of workerHosts) {
        if (isIP(host) !== 0)
          invariant(read.checkIP(host.replace(/%.*$/, '')) !== undefined, `the certificate is not for ${host}`);
      }
    },
  }),
};
