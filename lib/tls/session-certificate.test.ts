import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { ed25519FromRaw, pemFromDer, privateKeyPem } from './keys';
import { createSessionCertificate } from './session-certificate';

const now = new Date();
const expiration = new Date(now.getTime() + 3_600_000);

test('both ends present it in a TLS 1.3 handshake that verifies the session id', async () => {
  const made = createSessionCertificate({ sessionId: 's_1234567890', workerHosts: ['w.test'], now, expiration });
  const cert = pemFromDer(made.certificate);
  const identity = {
    cert,
    key: privateKeyPem(ed25519FromRaw(made.privateKey)),
    ca: cert,
    minVersion: 'TLSv1.3' as const,
  };
  const server = tls.createServer({ ...identity, requestCert: true }, (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as AddressInfo).port;
  const socket = tls.connect({ ...identity, port, host: '127.0.0.1', servername: 's_1234567890' });
  const [data] = (await once(socket, 'data')) as [Buffer];
  expect(data.toString()).toBe('hello');
  socket.destroy();
  server.close();
});

test('names, times and constraints', () => {
  const workerHosts = ['10.0.0.1', 'w.test', '::1', '2001:db8::7', '::ffff:1.2.3.4', 'w.test'];
  const { certificate } = createSessionCertificate({
    sessionId: 's_1',
    workerHosts,
    now,
    expiration: new Date('2061-02-03T04:05:06.789Z'),
  });
  const parsed = new X509Certificate(certificate);
  expect(parsed.subjectAltName?.split(', ')).toEqual([
    'DNS:s_1',
    'IP Address:10.0.0.1',
    'DNS:w.test',
    'IP Address:0:0:0:0:0:0:0:1',
    'IP Address:2001:DB8:0:0:0:0:0:7',
    'IP Address:0:0:0:0:0:FFFF:102:304',
  ]);
  expect(parsed.ca).toBe(true);
  expect(parsed.subject).toBeFalsy();
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect(new Date(parsed.validTo)).toEqual(new Date('2061-02-03T04:05:06Z'));
  expect(Math.abs(new Date(parsed.validFrom).getTime() - now.getTime() + 60_000)).toBeLessThan(1_000);
  expect(BigInt(`0x${parsed.serialNumber}`) > 0n).toBe(true);
});
