import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { startMemoryApi, type MemoryApi, type MemoryApiOptions } from '../../../test/harness/memory-groups';
import { testAuthority, testCertificate, type Pem } from '../../../test/harness/test-authority';
import { CreateGroupRequest, GroupServiceClient, ListGroupsRequest } from '../../../proto/gen/api/groups';

const apis: MemoryApi[] = [];
const sockets: Socket[] = [];
const clients: GroupServiceClient[] = [];
let pem: Pem;

beforeAll(async () => {
  pem = await testCertificate(await testAuthority());
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const client of clients.splice(0)) client.close();
  await Promise.all(apis.splice(0).map((api) => api.listener.close(0)));
});

const FAST = { handshake: 200, headers: 200, request: 400, idle: 5_000, check: 50 };

async function start(options: MemoryApiOptions = {}): Promise<MemoryApi> {
  const api = await startMemoryApi(options);
  apis.push(api);
  return api;
}

function dial(api: MemoryApi): Socket {
  const socket = connect(api.port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

/** Everything the server sends until it closes. */
const untilClosed = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
  });

function grpcList(api: MemoryApi, channel: ChannelCredentials): Promise<string> {
  const client = new GroupServiceClient(`localhost:${api.port}`, channel);
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.listGroups(ListGroupsRequest.fromPartial({ scope_id: 'global' }), (error, answer) =>
      error ? reject(error) : resolve(answer.response_type),
    );
  });
}

const httpList = (api: MemoryApi, secure: boolean): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: api.port, path: '/v1/groups', agent: false as const };
    const request = secure ? httpsRequest({ ...options, ca: pem.ca, servername: 'localhost' }) : httpRequest(options);
    request.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode!));
    });
    request.on('error', reject);
    request.end();
  });

const refusals = async (api: MemoryApi, reason: string): Promise<number> => {
  const metric = await api.registry.getSingleMetric('sallyport_controller_api_refused_connections_total')!.get();
  return metric.values.find((v) => v.labels.reason === reason)?.value ?? 0;
};

test('one plaintext port speaks gRPC and HTTP/1.1', async () => {
  const api = await start();
  expect(await grpcList(api, credentials.createInsecure())).toBe('complete');
  expect(await httpList(api, false)).toBe(200);
});

test('one TLS port speaks both, by ALPN', async () => {
  const api = await start({ tls: pem });
  expect(await grpcList(api, credentials.createSsl(pem.ca))).toBe('complete');
  expect(await httpList(api, true)).toBe(200);
  expect(api.seen).toHaveLength(2);
});

test('a client that offers HTTP/2 and HTTP/1.1, as curl does, gets HTTP/1.1; one that offers neither is refused', async () => {
  const api = await start({ tls: pem });
  const offer = (ALPNProtocols: string[]): Promise<string | false | null> =>
    new Promise((resolve, reject) => {
      const socket = tlsConnect({
        host: '127.0.0.1',
        port: api.port,
        ca: pem.ca,
        servername: 'localhost',
        ALPNProtocols,
      });
      sockets.push(socket);
      socket.on('secureConnect', () => resolve(socket.alpnProtocol)).on('error', reject);
    });
  expect(await offer(['h2', 'http/1.1'])).toBe('http/1.1');
  expect(await offer(['h2'])).toBe('h2');
  await expect(offer(['acme-tls/1'])).rejects.toThrow();
});

test('a request that comes byte by byte is understood', async () => {
  const api = await start();
  const socket = dial(api);
  socket.setNoDelay(true);
  const answer = untilClosed(socket);
  for (const c of 'GET /v1/groups HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n') {
    await new Promise((resolve) => socket.write(c, resolve));
  }
  expect(await answer).toMatch(/^HTTP\/1\.1 200 OK/);
});

test('pipelined requests and a body behind the first bytes are kept', async () => {
  const api = await start();
  const socket = dial(api);
  const answer = untilClosed(socket);
  const body = JSON.stringify({ scope_id: 'global' });
  const post = (more: string): string =>
    `POST /v1/groups HTTP/1.1\r\nHost: x\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
  socket.write(post('') + post('Connection: close\r\n'));
  expect((await answer).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
});

test('TLS to the plaintext port is closed at once', async () => {
  const api = await start();
  const failed = await new Promise<Error>((resolve) => {
    const socket = tlsConnect({ host: '127.0.0.1', port: api.port, servername: 'localhost' });
    socket.on('error', resolve);
  });
  expect(failed.message).toMatch(/disconnected|reset/);
  expect(await refusals(api, 'TLS to a plaintext port')).toBe(1);
});

test('plain HTTP to the TLS port gets a sentence, plain gRPC is closed', async () => {
  const api = await start({ tls: pem });
  const socket = dial(api);
  const answer = untilClosed(socket);
  socket.write('GET /v1/groups HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await answer).toContain('This port speaks TLS');
  await expect(grpcList(api, credentials.createInsecure())).rejects.toMatchObject({ code: 14 });
  expect(await refusals(api, 'plaintext to a TLS port')).toBeGreaterThanOrEqual(2);
});

describe.each([
  ['plaintext', () => ({})],
  ['TLS', () => ({ tls: pem })],
] as const)('a %s port', (_, options) => {
  test('closes silent connections', async () => {
    const api = await start({ ...options(), timeouts: FAST });
    await untilClosed(dial(api));
    expect(await refusals(api, 'silent')).toBe(1);
  });

  test('survives 10 MB of garbage of every kind', async () => {
    const api = await start({ ...options(), timeouts: FAST });
    const starts = ['', 'GET / HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x40\x00', '\x00'];
    await Promise.all(
      starts.map(async (begin) => {
        const socket = dial(api);
        const closed = untilClosed(socket);
        socket.write(Buffer.from(begin, 'latin1'));
        const garbage = randomBytes(65_536);
        for (let sent = 0; sent < 10_000_000 && !socket.destroyed; sent += garbage.length) {
          if (!socket.write(garbage)) await new Promise<void>((go) => socket.once('drain', go).once('close', go));
        }
        await closed;
      }),
    );
    expect(await httpList(api, 'tls' in options())).toBe(200);
    expect(api.seen).toHaveLength(1);
  });
});

test('headers and bodies that trickle in are cut', async () => {
  const api = await start({ timeouts: FAST });
  const slowHeaders = dial(api);
  slowHeaders.write('GET /v1/groups HTTP/1.1\r\nX');
  const slowBody = dial(api);
  slowBody.write('POST /v1/groups HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
  const [headers, body] = await Promise.all([untilClosed(slowHeaders), untilClosed(slowBody)]);
  for (const answer of [headers, body]) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test('a TLS handshake that stops is cut', async () => {
  const api = await start({ tls: pem, timeouts: FAST });
  const socket = dial(api);
  socket.write(Buffer.from('160301', 'hex'));
  await untilClosed(socket);
  expect(await refusals(api, 'TLS handshake failed')).toBe(1);
});

test('closing lets a running request end, then frees the port', async () => {
  const api = await start();
  let release = (): void => {};
  const created = await grpcCreate(api);
  const entered = new Promise<void>((resolve) => {
    api.onRead.current = () => {
      resolve();
      return new Promise<void>((go) => (release = go));
    };
  });
  const answered = httpGet(api, `/v1/groups/${created}`);
  await entered;
  const silent = dial(api);
  await new Promise((resolve) => silent.once('connect', resolve));
  const closed = api.listener.close(5_000);
  release();
  expect(await answered).toBe(200);
  await closed;
  await expect(httpList(api, false)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a taken port rejects with its code', async () => {
  const api = await start();
  await expect(start({ port: api.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

const grpcCreate = (api: MemoryApi): Promise<string> => {
  const client = new GroupServiceClient(`localhost:${api.port}`, credentials.createInsecure());
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.createGroup(CreateGroupRequest.fromPartial({ item: { scope_id: 'global' } }), (error, answer) =>
      error ? reject(error) : resolve(answer.item!.id),
    );
  });
};

/** With a connection that is kept alive, which closing must not wait for. */
const httpGet = (api: MemoryApi, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = dial(api);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const status = /^HTTP\/1\.1 (\d+)/.exec(text);
      if (status !== null) resolve(Number(status[1]));
    });
    socket.on('close', () => reject(new Error('closed without an answer')));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  });
