import { ChannelCredentials, Metadata, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { X509Certificate } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { startMemoryApi, type MemoryApi } from '../../../test/harness/memory-groups';
import { GroupServiceClient } from '../../../proto/gen/api/groups';
import { certificatePem, createCertificate, createKeyPair, privateKeyPem } from '../../../lib/tls/certificates';

const open: MemoryApi[] = [];
const start = async (...options: Parameters<typeof startMemoryApi>): Promise<MemoryApi> => {
  const api = await startMemoryApi(...options);
  open.push(api);
  return api;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.listener.close(0)));
});

const FAST = { handshake: 200, headers: 200, request: 400, idle: 5_000, check: 50 };

function serverTls(): { cert: Buffer; key: Buffer } {
  const pair = createKeyPair();
  const now = Date.now();
  const der = createCertificate({
    subject: 'localhost',
    publicKey: pair.publicKey,
    issuer: 'localhost',
    issuerKey: pair.privateKey,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 3_600_000),
    dnsNames: ['localhost'],
  } as never);
  return { cert: Buffer.from(certificatePem(der)), key: Buffer.from(privateKeyPem(pair.privateKey)) };
}
