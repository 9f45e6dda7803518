import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import tls from 'node:tls';
import fc from 'fast-check';
import { ClientHelloReader, MAX_CLIENT_HELLO_BYTES, parseClientHello, sessionIdOf } from './client-hello';

/** The first bytes that a real TLS client sends. */
async function realHello(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ ...options, host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [import('node:net').Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

test('session id from the server name, else from the protocols', async () => {
  const both = parseClientHello(
    await realHello({ servername: 's_byName', ALPNProtocols: ['sallyport/1', 's_byAlpn'] }),
  );
  expect(both).toEqual({ serverName: 's_byName', protocols: ['sallyport/1', 's_byAlpn'] });
  expect(sessionIdOf(both as never)).toBe('s_byName');
  const alpn = parseClientHello(
    await realHello({ servername: 'worker.example', ALPNProtocols: ['http/1.1', 's_byAlpn'] }),
  );
  expect(sessionIdOf(alpn as never)).toBe('s_byAlpn');
  const none = parseClientHello(await realHello({}));
  expect(none).toEqual({ serverName: undefined, protocols: [] });
  expect(sessionIdOf(none as never)).toBeUndefined();
});

test('every prefix of a hello asks for more, also when it is spread over records', async () => {
  const hello = await realHello({ servername: 's_1', ALPNProtocols: ['sallyport/1'] });
  for (let length = 0; length < hello.length; length++)
    expect(parseClientHello(hello.subarray(0, length))).toBe('more');
  const body = hello.subarray(5);
  const record = (part: Buffer) => Buffer.concat([Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part]);
  const split = Buffer.concat([record(body.subarray(0, 3)), record(body.subarray(3, 100)), record(body.subarray(100))]);
  expect(parseClientHello(split)).toEqual({ serverName: 's_1', protocols: ['sallyport/1'] });
});

test('a hello that is longer than any is bad', () => {
  const long = [1, 0, 0x40, 1];
  expect(parseClientHello(Buffer.from([22, 3, 1, 0, 4, ...long]))).toBe('bad');
  // Records without content count as well.
  const empty = Buffer.concat(Array<Buffer>(3_278).fill(Buffer.from([22, 3, 1, 0, 0])));
  expect(parseClientHello(empty.subarray(0, MAX_CLIENT_HELLO_BYTES + 1))).toBe('bad');
});

test('garbage is bad, never an exception', async () => {
  for (const text of ['GET / HTTP/1.1', 'SSH-2.0-x', '\x16\x02\x00'])
    expect(parseClientHello(Buffer.from(text))).toBe('bad');
  expect(parseClientHello(Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]))).toBe('bad');
  const hello = await realHello({ servername: 's_1', ALPNProtocols: ['sallyport/1'] });
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, value) => {
      const damaged = Buffer.from(hello);
      damaged[at] = value;
      expect(() => parseClientHello(damaged)).not.toThrow();
    }),
  );
});

/** Calls of Buffer.concat and of copy, and the bytes that these moved. */
function countCopies(work: () => void): number {
  let moved = 0;
  const { copy } = Buffer.prototype;
  const spy = jest.spyOn(Buffer.prototype, 'copy').mockImplementation(function (this: Buffer, ...args) {
    const count = copy.apply(this, args);
    moved += count;
    return count;
  });
  const concat = jest.spyOn(Buffer, 'concat');
  work();
  moved += concat.mock.calls.length * MAX_CLIENT_HELLO_BYTES;
  spy.mockRestore();
  concat.mockRestore();
  return moved;
}

test('a hello in records of one byte costs no more than its length, whole or byte by byte', () => {
  const message = [1, 0, 0x3f, 0xf0, ...Array<number>(MAX_CLIENT_HELLO_BYTES).fill(0x55)];
  const records = Buffer.from(message.flatMap((byte) => [22, 3, 1, 0, 1, byte])).subarray(0, MAX_CLIENT_HELLO_BYTES);
  expect(countCopies(() => expect(parseClientHello(records)).toBe('more'))).toBe(records.length);
  const reader = new ClientHelloReader();
  const byBytes = (): void => {
    for (let at = 0; at < records.length; at++) expect(reader.push(records.subarray(at, at + 1))).toBe('more');
  };
  expect(countCopies(byBytes)).toBe(records.length);
  expect(reader.push(Buffer.of(22))).toBe('bad');
});
