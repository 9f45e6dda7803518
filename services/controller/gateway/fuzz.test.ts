/**
 * Hostile input never gets an answer of 500 or above. The services are in memory and throw nothing
 * by themselves.
 */
import fc from 'fast-check';
import { Agent, request as httpRequest } from 'node:http';
import { startMemoryApi, type MemoryApi } from '../../../test/harness/memory-groups';

let api: MemoryApi;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
beforeAll(async () => {
  api = await startMemoryApi();
});
afterAll(async () => {
  agent.destroy();
  await api.listener.close(0);
});

interface Sent {
  method: string;
  path: string;
  body?: Buffer | undefined;
  headers?: Record<string, string>;
}

const statusOf = ({ method, path, body, headers }: Sent): Promise<number> =>
  new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': body.length };
    const request = httpRequest({
      host: '127.0.0.1',
      port: api.port,
      method,
      path,
      agent,
      headers: { ...headers, ...length },
    });
    request.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode!));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });

/** Fails with the seed of fast-check when an answer is an error of ours. */
const neverOurs = (requests: fc.Arbitrary<Sent>, numRuns: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(requests, async (sent) => {
      expect(await statusOf(sent)).toBeLessThan(500);
    }),
    { numRuns, endOnFailure: true },
  );

const FIELDS = [
  'id',
  'scope_id',
  'scope',
  'name',
  'version',
  'created_time',
  'member_ids',
  'members',
  '__proto__',
  'type',
];
const key = fc.oneof(fc.constantFrom(...FIELDS), fc.string({ unit: 'binary', maxLength: 8 }));
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(1e300, -1, '1e5', '\ud800', '\u0000', '2020-01-01T00:00:00Z', [[]], [null], { id: null }),
);
const item = fc.dictionary(key, value, { maxKeys: 8 });
const body = fc.oneof(
  item.map((json) => Buffer.from(JSON.stringify(json))),
  fc.dictionary(fc.constant('attributes'), item).map((json) => Buffer.from(JSON.stringify(json))),
  fc.json().map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
);
/** What may stand in a request line: Node's client refuses the rest itself. */
const urlText = fc.stringMatching(/^[!-~]{0,24}$/);
const method = fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'HEAD');
const base = fc.constantFrom(
  '/v1/groups',
  '/v1/groups/g_1',
  '/v1/groups/g_1:add-members',
  '/v1/auth-methods/ampw_1:authenticate',
);

test('bodies', () => neverOurs(fc.record({ method: fc.constantFrom('POST', 'PATCH'), path: base, body }), 300));

test('paths', () =>
  neverOurs(
    fc.record({
      method,
      path: fc.oneof(
        urlText.map((t) => `/${t}`),
        fc.tuple(base, urlText).map((p) => p.join('')),
      ),
    }),
    300,
  ));

test('queries', () => {
  const name = fc.oneof(
    fc.constantFrom('scope_id', 'recursive', 'page_size', 'update_mask', 'filter', 'list_token'),
    urlText,
  );
  const query = fc
    .array(fc.tuple(name, urlText), { maxLength: 6 })
    .map((pairs) => pairs.map((p) => p.join('=')).join('&'));
  return neverOurs(fc.record({ method, path: fc.tuple(base, query).map((p) => p.join('?')) }), 300);
});

test('headers', () => {
  const names = fc.constantFrom(
    'authorization',
    'cookie',
    'origin',
    'x-correlation-id',
    'content-type',
    'content-encoding',
    'accept',
  );
  const headers = fc.dictionary(names, fc.stringMatching(/^[!-~ ]{0,40}$/), { maxKeys: 5 });
  return neverOurs(fc.record({ method, path: base, headers }), 200);
});
