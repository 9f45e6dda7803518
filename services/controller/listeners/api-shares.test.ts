import { request as httpRequest } from 'node:http';
import { connect as http2Connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { startMemoryApi, type MemoryApi, type MemoryApiOptions } from '../../../test/harness/memory-groups';
import { waitFor } from '../../../test/harness/wait';

let api: MemoryApi;
const sockets: Socket[] = [];
const sessions: ClientHttp2Session[] = [];

afterEach(async () => {
  // Node must not send a reset while it is still reading frames, which may be what has ended the
  // test.
  await new Promise((resolve) => setImmediate(resolve));
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const session of sessions.splice(0)) session.destroy();
  await api.listener.close(0);
});

const start = async (options: MemoryApiOptions = {}): Promise<void> => {
  api = await startMemoryApi(options);
};

const refusals = async (reason: string): Promise<number> => {
  const metric = await api.registry.getSingleMetric('sallyport_controller_api_refused_connections_total')!.get();
  return metric.values.find((v) => v.labels.reason === reason)?.value ?? 0;
};

/** A connection, once the port has counted or refused it. */
async function dial(localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port: api.port, host: '127.0.0.1', localAddress });
  sockets.push(socket);
  socket.on('error', () => {});
  let isClosed = false;
  socket.once('end', () => (isClosed = true)).once('close', () => (isClosed = true));
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  const here = { localAddress: '127.0.0.1', localPort: api.port };
  const there = { remoteAddress: socket.localAddress, remotePort: socket.localPort };
  const taken = await refusals('too many connections of one address');
  await waitFor(
    'the connection',
    async () =>
      isClosed ||
      api.door.shares.peerOf({ ...here, ...there }) !== undefined ||
      (await refusals('too many connections of one address')) > taken,
  );
  return socket;
}

/** Status of the answer to a list over a connection that is kept. */
const ask = (socket: Socket, token?: string): Promise<number> =>
  new Promise((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(Number(chunk.toString().slice(9, 12))));
    socket.once('close', () => reject(new Error('closed')));
    const header = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
    socket.write(`GET /v1/groups?scope_id=global HTTP/1.1\r\nHost: x\r\n${header}\r\n`);
  });

const openOf = (all: Socket[]): boolean[] => all.map((socket) => !socket.destroyed);

async function dialAll(addresses: string[]): Promise<Socket[]> {
  const all: Socket[] = [];
  for (const address of addresses) all.push((await dial(address)).resume());
  return all;
}

describe('connections', () => {
  test('idle connections of one address make room for another', async () => {
    await start({ limits: { api_anonymous_connections: 4 } });
    const flood = await dialAll(Array<string>(4).fill('127.0.0.1'));
    const honest = await dial('127.0.0.2');
    expect(await ask(honest)).toBe(200);
    await waitFor('the oldest to be closed', () => flood[0]!.destroyed);
    expect(openOf(flood)).toEqual([false, true, true, true]);
    expect([await refusals('gave way to others'), api.door.shares.held.strangers]).toEqual([1, 4]);
  });

  test('one address keeps its share by losing its oldest idle connection', async () => {
    await start({ limits: { api_connections_per_address: 2 } });
    const all = await dialAll(Array<string>(3).fill('127.0.0.1'));
    await waitFor('the oldest to be closed', () => all[0]!.destroyed);
    expect([openOf(all), api.door.shares.held.strangers]).toEqual([[false, true, true], 2]);
  });

  test('with all of them busy the new one of the address is refused', async () => {
    await start({ limits: { api_connections_per_address: 1 } });
    const busy = await dial();
    busy.write('POST /v1/groups HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    await waitFor('the request', () => api.door.shares.held.strangersBytes > 0);
    const refused = (await dial()).resume();
    await waitFor('the refusal', () => refused.destroyed);
    expect([busy.destroyed, await refusals('too many connections of one address')]).toEqual([false, 1]);
  });

  test('a connection that has presented a valid token is out of the way of strangers', async () => {
    await start({ limits: { api_anonymous_connections: 2, api_connections_per_address: 2 } });
    const user = await dial();
    expect(await ask(user, 'at_u_1')).toBe(200);
    expect(await ask(await dial(), 'at_bad')).toBe(200);
    expect(api.door.shares.held).toMatchObject({ strangers: 1, known: 1 });
    await dialAll(Array<string>(6).fill('127.0.0.1'));
    expect(await ask(user, 'at_u_1')).toBe(200);
    expect(api.door.shares.held).toMatchObject({ strangers: 2, known: 1 });
  });

  test('a user has a share of connections', async () => {
    await start({ limits: { api_connections_per_user: 2 } });
    const all: Socket[] = [];
    for (let i = 0; i < 3; i++) {
      const socket = await dial();
      expect(await ask(socket, 'at_u_1')).toBe(200);
      await waitFor('the request to end', () => api.door.shares.held.strangersBytes === 0);
      all.push(socket);
    }
    await waitFor('the oldest to be closed', () => all[0]!.destroyed);
    expect(api.door.shares.held).toMatchObject({ strangers: 0, known: 2 });
    const other = await dial();
    expect(await ask(other, 'at_u_2')).toBe(200);
    expect(api.door.shares.held.known).toBe(3);
  });

  test('a listed proxy is exempt, and who it names has a share of bytes', async () => {
    const forwarding = {
      authorizedAddrs: ['127.0.0.1'],
      hopSkips: 0,
      rejectNotPresent: true,
      rejectNotAuthorized: true,
    };
    await start({ forwarding, limits: { api_connections_per_address: 1, api_bytes_per_address: 1_048_576 } });
    await dialAll(Array<string>(5).fill('127.0.0.1'));
    expect(api.door.shares.held).toMatchObject({ strangers: 0, known: 5 });
    const post = async (caller: string): Promise<void> => {
      const head = `POST /v1/groups HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${caller}\r\nContent-Length: 60000\r\n\r\n`;
      (await dial()).write(head + '{'.padEnd(50_000));
    };
    for (let i = 0; i < 20; i++) await post('192.0.2.1');
    // Fifteen fit.
    await waitFor('the refusals', async () => (await refusals('too many bytes held')) === 5);
    await post('192.0.2.2');
    await waitFor('its bytes', () => api.door.shares.held.strangersBytes > 1_048_576);
    expect(await refusals('too many bytes held')).toBe(5);
  });

  test('an HTTP/2 connection that asks nothing is closed', async () => {
    await start({ timeouts: { first: 100 } });
    const session = http2Session();
    await new Promise((resolve) => session.once('close', resolve));
    expect(await refusals('no request')).toBe(1);
  });

  test('a connection that falls silent is closed', async () => {
    await start({ timeouts: { idle: 100, check: 50 } });
    const socket = await dial();
    expect(await ask(socket)).toBe(200);
    await new Promise((resolve) => socket.once('close', resolve));
    await waitFor('its place to be free', () => api.door.shares.held.strangers === 0);
  });
});

function http2Session(localAddress = '127.0.0.1'): ClientHttp2Session {
  const session = http2Connect(`http://127.0.0.1:${api.port}`, {
    createConnection: () => connect({ port: api.port, host: '127.0.0.1', localAddress }),
  });
  session.on('error', () => {});
  sessions.push(session);
  return session;
}

const CREATE = '/sallyport.api.v1.GroupService/CreateGroup';

interface Sent {
  stream: ClientHttp2Stream;
  /** gRPC status and text of the answer, or what the stream was closed with. */
  outcome: Promise<unknown[]>;
}

/** Begins a message of `length` bytes and sends `sent` of it. */
function begin(session: ClientHttp2Session, length: number, sent: number, more: object = {}): Sent {
  const stream = session.request({ ':method': 'POST', ':path': CREATE, 'content-type': 'application/grpc', ...more });
  const outcome = new Promise<unknown[]>((resolve) => {
    stream.on('response', (headers) => resolve([headers['grpc-status'], decodeURI(String(headers['grpc-message']))]));
    stream.on('error', () => {}).on('close', () => resolve(['closed', stream.rstCode]));
  });
  const bytes = Buffer.alloc(5 + sent);
  bytes.writeUInt32BE(length, 1);
  stream.resume().write(bytes);
  return { stream, outcome };
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const HEAD_OF_60_000 = Buffer.from([0, 0, 0, 0xea, 0x60]);

/** An HTTP/2 frame. */
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.set([type, flags], 3);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Of a call, none of them indexed. */
function rawHeaders(): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const headers = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':authority', 'x'],
    [':path', CREATE],
    ['content-type', 'application/grpc'],
  ];
  return Buffer.concat(headers.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name!), text(value!)])));
}

const settled = async (all: Sent[]): Promise<unknown[][]> => {
  const none = Symbol('open');
  const now = await Promise.all(all.map(({ outcome }) => Promise.race([outcome, Promise.resolve(none)])));
  return now.filter((one): one is unknown[] => one !== none);
};

describe('what is sent', () => {
  test('half-sent gRPC messages of one address are bounded', async () => {
    await start({ limits: { api_bytes_per_address: 2_097_152 } });
    const all: Sent[] = [];
    for (let c = 0; c < 4; c++) {
      const session = http2Session();
      for (let i = 0; i < 128; i++) all.push(begin(session, 65_000, 60_000));
    }
    await waitFor('the refusals', async () => (await settled(all)).length > 480);
    expect(api.door.shares.held.strangersBytes).toBeLessThanOrEqual(2_097_152);
    const refused = await settled(all);
    expect(refused[0]).toEqual(['8', expect.stringContaining('api_bytes_per_address')]);
    // Others have their room.
    begin(http2Session('127.0.0.2'), 0, 0).stream.end();
    await waitFor('the other call', () => api.seen.length === 1);
    for (const session of sessions) session.destroy();
    await waitFor('all to be given back', () => api.door.shares.held.strangersBytes === 0);
  });

  test('tiny frames cost what stands for them', async () => {
    await start({ limits: { api_bytes_per_address: 1_048_576 } });
    const socket = await dial();
    socket.write(
      Buffer.concat([PREFACE, frame(4, 0, 0), frame(1, 4, 1, rawHeaders()), frame(0, 0, 1, HEAD_OF_60_000)]),
    );
    socket.write(Buffer.concat(Array.from({ length: 8_000 }, () => frame(0, 0, 1, Buffer.from('x')))));
    await waitFor('the refusal', async () => (await refusals('too many bytes held')) > 0 || undefined);
    expect(api.door.shares.held.strangersBytes).toBeLessThanOrEqual(1_048_576);
  });

  test('streams that are reset in the packet that opens them hold nothing', async () => {
    await start();
    const socket = await dial();
    const reset = Buffer.alloc(4);
    const pairs = [1, 3, 5].map((id) => Buffer.concat([frame(1, 4, id, rawHeaders()), frame(3, 0, id, reset)]));
    const last = Buffer.concat([frame(1, 5, 7, rawHeaders())]);
    socket.write(Buffer.concat([PREFACE, frame(4, 0, 0), ...pairs, last]));
    let heard = 0;
    socket.on('data', (chunk: Buffer) => (heard += chunk.length));
    await waitFor('the answer to the last', () => heard > 100 && api.door.shares.held.strangersBytes === 0);
  });

  test('the address with the most bytes gives way to one with few', async () => {
    await start({ limits: { api_anonymous_bytes: 1_048_576 } });
    const flood = http2Session();
    // As many as fit, and one more.
    const all = Array.from({ length: 63 }, () => begin(flood, 65_000, 0));
    await waitFor('a full room', async () => (await refusals('too many bytes held')) === 1);
    begin(http2Session('127.0.0.2'), 0, 0).stream.end();
    await waitFor('the other call', () => api.seen.length === 1);
    expect(await refusals('gave way to others')).toBe(1);
    expect((await all[0]!.outcome)[0]).toBe('8');
  });

  test.each(['gRPC', 'HTTP'])('a request without a valid token is small over %s', async (protocol) => {
    await start();
    const send = async (length: number, token?: string): Promise<unknown> => {
      const more = token === undefined ? {} : { authorization: `Bearer ${token}` };
      if (protocol === 'HTTP') return post(`{"scope_id":"global","name":"${'x'.repeat(length)}"}`, more);
      const { stream, outcome } = begin(http2Session(), length, length, more);
      stream.end();
      return (await outcome)[0];
    };
    const [taken, refused] = protocol === 'HTTP' ? [200, 413] : ['3', '8'];
    expect(await send(60_000)).toBe(taken);
    expect([await send(70_000), await send(70_000, 'at_bad')]).toEqual([refused, refused]);
    expect(await send(500_000, 'at_u_1')).toBe(taken);
    expect(await refusals('too large for a stranger')).toBe(2);
  });

  test.each(['gRPC', 'HTTP'])('half-sent bodies of users are bounded over %s', async (protocol) => {
    await start({ limits: { api_bytes_per_user: 1_048_576, api_user_bytes: 1_048_576 } });
    // Two of the largest requests always fit.
    const max = Math.ceil(2.2 * 1_048_576);
    const more = { authorization: 'Bearer at_u_1' };
    // Once the token is known, requests count to its user from their beginning.
    expect(await ask(await dial(), 'at_u_1')).toBe(200);
    const session = http2Session();
    const hang = (): unknown =>
      protocol === 'gRPC' ? begin(session, 1_000_000, 900_000, more) : void post('x'.repeat(900_000), more, 1_000_000);
    for (let i = 0; i < 4; i++) hang();
    await waitFor('a refusal', async () => (await refusals('too many bytes held')) > 0 || undefined);
    await waitFor('bytes', () => api.door.shares.held.knownBytes > 1_700_000);
    expect(api.door.shares.held.knownBytes).toBeLessThanOrEqual(max);
  });

  test('a half-sent message is cut, and so is one whose end does not come', async () => {
    await start({ timeouts: { headers: 100, request: 100 } });
    const session = http2Session();
    const half = begin(session, 1_000, 500);
    const endless = begin(session, 0, 0);
    expect(await Promise.all([half.outcome, endless.outcome])).toEqual([
      ['closed', constants.NGHTTP2_CANCEL],
      ['closed', constants.NGHTTP2_CANCEL],
    ]);
    expect([await refusals('half-sent message'), api.door.shares.held.strangersBytes]).toEqual([2, 0]);
  });

  test.each([{ ':path': '/no.such/Method' }, { 'content-type': 'text/plain' }])(
    'a stream with %j does not linger after its answer',
    async (more) => {
      await start({ timeouts: { check: 50 } });
      const { stream } = begin(http2Session(), 1_000, 500, more);
      await new Promise((resolve) => stream.once('close', resolve));
      expect(api.door.shares.held.strangersBytes).toBe(0);
    },
  );

  test('headers are bounded over gRPC and HTTP', async () => {
    await start();
    const large = { 'x-large': 'x'.repeat(17_000) };
    const session = http2Session();
    await new Promise((resolve) => session.once('localSettings', resolve));
    const { stream } = begin(session, 0, 0, large);
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(await post('{}', large)).toBe(431);
    expect(api.seen).toHaveLength(0);
  });
});

const post = (body: string, headers: object = {}, length = body.length): Promise<number | string> =>
  new Promise((resolve) => {
    const path = '/v1/groups';
    const options = { host: '127.0.0.1', port: api.port, method: 'POST', path, agent: false as const };
    const request = httpRequest({ ...options, headers: { ...headers, 'content-length': length } });
    request.on('socket', (socket) => sockets.push(socket));
    request.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode!)).on('error', () => resolve('cut'));
    });
    request.on('error', () => resolve('cut'));
    request.write(body);
    if (length === body.length) request.end();
  });

describe('what is not read', () => {
  const LARGE = 'x'.repeat(200_000);
  const list = 'GET /v1/groups?scope_id=global HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer at_u_1\r\n\r\n';
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      const body = JSON.stringify({ scope_id: 'global', description: LARGE });
      expect(await post(body, { authorization: 'Bearer at_u_1' })).toBe(200);
    }
    api.seen.length = 0;
  };

  test('a connection has a number of requests in waiting', async () => {
    await start();
    (await dial()).write(list.repeat(1_000));
    await waitFor('the close', async () => (await refusals('too many pipelined requests')) > 0 || undefined);
    expect(api.seen.length).toBeLessThanOrEqual(17);
    await waitFor('all to be given back', () => api.door.shares.held.knownBytes === 0);
  });

  test('requests of one connection are served in turn: one that reads nothing gets few answers', async () => {
    await start();
    await fill();
    const socket = await dial();
    socket.pause();
    let sent = 0;
    socket.write(list.repeat(16));
    await waitFor('an answer that waits', () => {
      const isSame = sent === api.seen.length && api.door.shares.held.knownBytes > 1_000_000;
      sent = api.seen.length;
      return isSame;
    });
    // What the system buffers, and one more.
    expect(api.seen.length).toBeLessThan(16);
    expect(api.door.shares.held.knownBytes).toBeLessThan(2_500_000);
  });

  test('answers that nobody reads are cut over HTTP', async () => {
    await start({ timeouts: { answer: 200 } });
    await fill();
    const socket = await dial();
    socket.pause();
    socket.write(list.repeat(16));
    await waitFor('the cut', async () => (await refusals('answer not read')) > 0 || undefined);
    await waitFor('all to be given back', () => api.door.shares.held.knownBytes === 0);
  });

  test('answers that nobody reads are bounded and cut over gRPC', async () => {
    await start({ timeouts: { answer: 400, check: 100 }, limits: { api_bytes_per_user: 4_194_304 } });
    await fill();
    const session = http2Connect(`http://127.0.0.1:${api.port}`, { settings: { initialWindowSize: 0 } });
    sessions.push(session.on('error', () => {}));
    const path = '/sallyport.api.v1.GroupService/ListGroups';
    const more = { ':path': path, authorization: 'Bearer at_u_1' };
    const all = Array.from({ length: 20 }, () => {
      const sent = begin(session, 0, 0, more);
      sent.stream.end();
      return sent;
    });
    await waitFor('refusals', async () => (await settled(all)).some(([code]) => code === '8'));
    expect(api.door.shares.held.knownBytes).toBeLessThanOrEqual(4_194_304);
    await waitFor('the cut', async () => (await refusals('answer not read')) > 0 || undefined);
    await waitFor('all to be given back', () => api.door.shares.held.knownBytes === 0);
  });
});
