/** Reads into slabs: every kind of socket, what stays valid, and what is given back. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { waitFor } from '../harness/wait';
import { ed25519FromRaw, pemFromDer, privateKeyPem } from '../../lib/tls/keys';
import { createSessionCertificate } from '../../lib/tls/session-certificate';
import { Reader } from '../../lib/transport/reader';
import { SLAB_BYTES, slabCounts, type Owner } from '../../lib/transport/slabs';

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  // Whatever a test does, nothing is held once its sockets are closed.
  await waitFor('the slabs', () => slabCounts.held === 0);
});

const keep = <T extends Socket>(socket: T): T => {
  sockets.push(socket.on('error', () => undefined));
  return socket;
};

/** A connected pair: the one that accepted, the one that dialed. */
async function tcp(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dialed = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [keep(accepted), keep(dialed)];
}

/** The same over TLS, both ends made as the worker and the client make them. */
async function overTls(): Promise<[Socket, Socket]> {
  const now = new Date();
  const expiration = new Date(now.getTime() + 60_000);
  const made = createSessionCertificate({ sessionId: 's_1', workerHosts: ['127.0.0.1'], now, expiration });
  const identity = { cert: pemFromDer(made.certificate), key: privateKeyPem(ed25519FromRaw(made.privateKey)) };
  const server = tls.createServer({ ...identity, minVersion: 'TLSv1.3' });
  const [accepted, dialed] = await tcp();
  server.emit('connection', accepted);
  const client = keep(tls.connect({ socket: dialed, rejectUnauthorized: false }));
  const [[secured]] = await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')]);
  return [keep(secured as Socket), client];
}

const KINDS: [string, () => Promise<[Socket, Socket]>][] = [
  ['an accepted TCP socket', tcp],
  ['a dialed TCP socket', async () => (await tcp()).reverse() as [Socket, Socket]],
  ['an accepted TLS socket', overTls],
  ['a dialed TLS socket', async () => (await overTls()).reverse() as [Socket, Socket]],
];

const all = randomBytes(1_500_000);

test.each(KINDS)('%s is read into slabs, in order and whole, whatever the sizes', async (_, pair) => {
  const [near, far] = await pair();
  const held: { chunk: Buffer; copy: Buffer; owner: Owner }[] = [];
  let received = 0;
  const reader = new Reader(near, 4, (chunk, owner) => {
    expect(owner.hasRoom).toBe(true);
    expect(chunk.equals(all.subarray(received, received + chunk.length))).toBe(true);
    received += chunk.length;
    // The room is the reader's to give: nothing that somebody still holds may lie there.
    Buffer.from(chunk.buffer, chunk.byteOffset - 4, 4).fill(0xee);
    owner.hold();
    held.push({ chunk, copy: Buffer.from(chunk), owner });
    while (held.length > 8) letGo();
  });
  const letGo = () => {
    const { chunk, copy, owner } = held.splice(Math.floor(held.length / 2), 1)[0]!;
    expect(chunk.equals(copy)).toBe(true);
    owner.release();
  };
  const sizes = [1, 4_000, 70_000, 3, 16_384, 16_385, 300_000, 65_532, 10, 1_000_000];
  let sent = 0;
  for (const size of sizes) {
    far.write(all.subarray(sent, sent + size));
    sent += size;
    if (size < 5_000) await waitFor('a short piece', () => received === sent);
  }
  await waitFor('all bytes', () => received === sent);
  while (held.length > 0) letGo();
  for (let look = 0; look < 2; look++) reader.rest();
  expect(slabCounts.held).toBe(0);
});

test('an idle socket holds no slab, also when its last read was as long as a read can be', async () => {
  const [near, far] = await tcp();
  let received = 0;
  near.pause();
  far.write(Buffer.alloc(SLAB_BYTES * 2));
  await waitFor('the kernel', () => far.writableLength === 0);
  const reader = new Reader(near, 0, (chunk) => {
    received += chunk.length;
  });
  near.resume();
  await waitFor('all bytes', () => received === SLAB_BYTES * 2);
  reader.rest();
  reader.rest();
  expect(slabCounts.held).toBe(0);
  far.write('more');
  await waitFor('bytes after the rest', () => received === SLAB_BYTES * 2 + 4);
  expect(slabCounts.held).toBe(0);
});

test('small pieces that somebody holds share a slab', async () => {
  const [near, far] = await tcp();
  const owners: Owner[] = [];
  new Reader(near, 4, (_, owner) => {
    owner.hold();
    owners.push(owner);
  });
  for (let i = 1; i <= 100; i++) {
    far.write('x'.repeat(20));
    await waitFor('a piece', () => owners.length === i);
  }
  expect(slabCounts.held).toBe(1);
  for (const owner of owners) owner.release();
  expect(slabCounts.held).toBe(0);
});
