import tls from 'node:tls';
import { decodeActivationToken, encodeActivationToken } from './activation-token';
import {
  createAuthority,
  createCertificateRequest,
  issueCertificate,
  publicKeyHash,
  publicKeyOfRequest,
} from './certificates';
import { dersFromPem, ed25519FromRaw, newEd25519, pemFromDer, privateKeyPem, rawFromEd25519 } from './keys';

const now = new Date('2026-05-04T10:00:00Z');
const expiration = new Date('2026-05-04T18:00:00Z');

test('raw keys and PEM survive the round trip', () => {
  const key = newEd25519();
  expect(ed25519FromRaw(rawFromEd25519(key)).equals(key)).toBe(true);
  expect(() => ed25519FromRaw(Buffer.alloc(31))).toThrow('64 bytes');
  const der = Buffer.from('some bytes that stand for a certificate, long enough for two lines of base64');
  expect(dersFromPem(pemFromDer(der) + pemFromDer(der))).toEqual([der, der]);
});

test('an authority issues a certificate for a request, and TLS accepts it', async () => {
  const span = { notBefore: new Date(Date.now() - 600_000), notAfter: new Date(Date.now() + 600_000) };
  const authority = await createAuthority({ commonName: 'test authority', ...span });
  const key = newEd25519();
  const publicKey = await publicKeyOfRequest(await createCertificateRequest(key));
  const certificate = await issueCertificate(authority, {
    publicKey: publicKey!,
    commonName: 'controller',
    uriNames: ['spiffe://d/controller'],
    dnsNames: ['sallyport-controller'],
    ...span,
  });
  const server = tls.createServer({ key: privateKeyPem(key), cert: pemFromDer(certificate) }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const authorized = await new Promise<boolean>((resolve, reject) => {
    const socket = tls.connect(
      { host: '127.0.0.1', port, servername: 'sallyport-controller', ca: pemFromDer(authority.certificate) },
      () => resolve(socket.authorized),
    );
    socket.on('error', reject).resume();
  });
  await new Promise((resolve) => server.close(resolve));
  expect(authorized).toBe(true);
});

test('a request with a broken signature or of garbage is refused', async () => {
  const request = await createCertificateRequest(newEd25519());
  request[request.length - 1]! ^= 1;
  expect(await publicKeyOfRequest(request)).toBeUndefined();
  expect(await publicKeyOfRequest(Buffer.from('garbage'))).toBeUndefined();
});

test('activation tokens', async () => {
  const authority = await createAuthority({ commonName: 'a', notBefore: now, notAfter: expiration });
  const token = {
    nonce: Buffer.alloc(32, 0),
    hmacKey: Buffer.alloc(32, 2),
    currentCaHash: publicKeyHash(authority.certificate),
    nextCaHash: Buffer.alloc(32, 4),
  };
  const text = encodeActivationToken(token);
  expect(text).toMatch(/^neslat_[1-9A-HJ-NP-Za-km-z]+$/);
  expect(decodeActivationToken(`${text}\n`)).toEqual(token);
  for (const bad of ['', 'neslat_', text.slice(0, -4), text.slice(7), 'neslat_0OIl']) {
    expect(decodeActivationToken(bad)).toBeUndefined();
  }
});
