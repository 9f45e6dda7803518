import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { startMemoryApi, type MemoryApi } from '../../../test/harness/memory-groups';
import { isOwnHost } from '../../../lib/rpc/own-host';
import { cookiesCount } from './origin';

const counts = (method: string, headers: Record<string, string>, publicOrigins?: string[]): boolean =>
  cookiesCount({ method, headers: { host: 'sallyport.example', ...headers } } as unknown as IncomingMessage, {
    publicOrigins,
  });
const JSON_BODY = { 'content-type': 'application/json; charset=utf-8', 'content-length': '2' };
const OWN = { origin: 'https://sallyport.example' };

test.each([
  ['GET', {}, false],
  ['GET', { 'sec-fetch-site': 'same-origin' }, true],
  ['GET', { 'sec-fetch-site': 'none' }, true],
  ['HEAD', { 'sec-fetch-site': 'none' }, true],
  ['GET', { 'sec-fetch-site': 'same-site' }, false],
  ['GET', { 'sec-fetch-site': 'cross-site' }, false],
  // An origin says nothing about a read.
  ['GET', OWN, false],
  ['POST', { ...OWN, ...JSON_BODY }, true],
  ['DELETE', OWN, true],
  ['DELETE', { ...OWN, 'content-length': '0' }, true],
  ['POST', { ...JSON_BODY, 'sec-fetch-site': 'same-origin' }, false],
  ['POST', { ...OWN, 'content-type': 'text/plain', 'content-length': '2' }, false],
  ['POST', { ...OWN, 'content-type': 'application/jsonp', 'content-length': '2' }, false],
  ['POST', { ...OWN, 'transfer-encoding': 'chunked' }, false],
  ['POST', { ...JSON_BODY, origin: 'https://evil.example' }, false],
  ['POST', { ...JSON_BODY, origin: 'https://sallyport.example.evil.example' }, false],
  ['POST', { ...JSON_BODY, origin: 'https://sallyport.example:8443' }, false],
  ['POST', { ...JSON_BODY, origin: 'null' }, false],
  ['PATCH', { ...JSON_BODY, origin: 'http://SALLYPORT.example' }, true],
])('cookies of %s with %j: %s', (method, headers, expected) => {
  expect(counts(method, headers as unknown as Record<string, string>)).toBe(expected);
});

test('an origin that the configuration names counts under any Host', () => {
  const headers = { ...JSON_BODY, host: 'controller:9200', origin: 'https://access.example' };
  expect(counts('POST', headers)).toBe(false);
  expect(counts('POST', headers, ['https://access.example'])).toBe(true);
});

test.each([
  ['localhost:9200', true],
  ['LOCALHOST', true],
  ['a.localhost', true],
  ['127.0.0.1:9200', true],
  ['127.8.9.10', true],
  ['[::1]:9200', true],
  ['dev.example:1', true],
  ['dev.example.', true],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['evil.example', false],
  ['169.254.169.254', false],
  ['', false],
])('the name %j is ours: %s', (host, expected) => {
  expect(isOwnHost(host, ['dev.example'])).toBe(expected);
  expect(isOwnHost(host, undefined)).toBe(true);
});

describe('a port with names', () => {
  let api: MemoryApi;
  beforeAll(async () => {
    api = await startMemoryApi({ origins: { allowedHosts: [] } });
  });
  afterAll(() => api.listener.close(0));

  const status = (path: string, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: api.port, path, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      sent.on('error', reject).end();
    });

  test.each(['/v1/groups', '/v1', '/openapi.json', '/nowhere'])('answers %s under its own name only', async (path) => {
    expect(await status(path, { host: 'evil.example:9200' })).toBe(403);
    expect(await status(path, {})).not.toBe(403);
  });
});
