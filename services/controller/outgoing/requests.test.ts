import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitFor } from '../../../test/harness/wait';
import { allowedAddresses } from './networks';
import { createOutgoing, NotReached, type Outgoing } from './requests';

const LOCAL = createOutgoing(allowedAddresses(['127.0.0.0/8']));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Every failure is told in the same words. */
async function failure(outgoing: Outgoing, url: string): Promise<string> {
  const error: unknown = await outgoing(url, {}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(NotReached);
  return (error as Error).message;
}

test('sends headers and JSON, answers status and text', async () => {
  const port = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.writeHead(201).end(`${request.method} ${String(request.headers['x-a'])} ${body}`));
  });
  const answer = await LOCAL(`http://127.0.0.1:${port}/x`, { method: 'POST', headers: { 'x-a': 'b' }, body: { c: 1 } });
  expect(answer).toEqual({ status: 201, text: 'POST b {"c":1}' });
});

test.each([
  'http://127.0.0.1:PORT/',
  'http://localhost:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://2130706433:PORT/',
  'http://0x7f.1:PORT/',
  'http://127.1:PORT/',
])('%s is not connected to without configuration', async (url) => {
  let requests = 0;
  const port = await serve((_, response) => {
    requests++;
    response.end();
  });
  const outgoing = createOutgoing(allowedAddresses([]));
  expect(await failure(outgoing, url.replace('PORT', String(port)))).toBe('could not be reached');
  expect(requests).toBe(0);
});

test('a redirect is an answer like others and leads nowhere', async () => {
  let requests = 0;
  const inner = await serve((_, response) => {
    requests++;
    response.end('secret');
  });
  const port = await serve((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${inner}/` }).end());
  expect((await LOCAL(`http://127.0.0.1:${port}/`, {})).status).toBe(302);
  expect(requests).toBe(0);
});

test('an answer without end is cut', async () => {
  let cut = false;
  const port = await serve((_, response) => {
    response.on('close', () => (cut = true));
    const more = (): void => {
      while (!cut && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  });
  expect(await failure(LOCAL, `http://127.0.0.1:${port}/`)).toBe('could not be reached');
  await waitFor('the server to see its connection close', () => Promise.resolve(cut));
});

test('a server that never answers, or never ends', async () => {
  const hasty = createOutgoing(allowedAddresses(['127.0.0.0/8']), { timeoutMs: 100 });
  const silent = await serve(() => undefined);
  const endless = await serve((_, response) => void response.write('{'));
  expect(await failure(hasty, `http://127.0.0.1:${silent}/`)).toBe('could not be reached');
  expect(await failure(hasty, `http://127.0.0.1:${endless}/`)).toBe('could not be reached');
});

test.each(['http://127.0.0.1:1/', 'http://nowhere.invalid/', 'no url', 'ftp://127.0.0.1/'])(
  '%s fails like all others',
  async (url) => {
    expect(await failure(LOCAL, url)).toBe('could not be reached');
  },
);
