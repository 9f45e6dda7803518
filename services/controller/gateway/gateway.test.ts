import fc from 'fast-check';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { localTarget } from './origin';
import { startMemoryApi, type MemoryApi } from '../../../test/harness/memory-groups';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  body: any;
}

let api: MemoryApi;
beforeAll(async () => {
  api = await startMemoryApi({ maxRequestDurationMs: 300 });
});
afterAll(() => api.listener.close(0));
beforeEach(() => {
  api.seen.length = 0;
  api.onRead.current = undefined;
});

function call(
  method: string,
  path: string,
  payload?: string | Buffer | object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const raw =
    typeof payload === 'string' || Buffer.isBuffer(payload) || payload === undefined
      ? payload
      : JSON.stringify(payload);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: api.port,
        method,
        path,
        headers: raw === undefined ? headers : { 'content-length': Buffer.byteLength(raw), ...headers },
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers['content-type'] === 'application/json';
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text,
            body: isJson ? JSON.parse(text) : undefined,
          });
        });
      },
    );
    request.on('error', reject);
    request.end(raw);
  });
}

const newGroup = async (more: object = {}): Promise<string> =>
  (await call('POST', '/v1/groups', { scope_id: 'global', ...more })).body.id as string;

const INVALID = { kind: 'InvalidArgument', message: 'Error in provided request.' };
const fieldError = (name: string): object => ({
  ...INVALID,
  details: { request_fields: [expect.objectContaining({ name })] },
});

describe('answers', () => {
  test('create and read give the bare item with 200, zero values left out', async () => {
    const created = await call('POST', '/v1/groups', { scope_id: 'global', name: 'a', description: '' });
    expect(created.status).toBe(200);
    expect(created.headers['content-type']).toBe('application/json');
    expect(created.headers['cache-control']).toBe('no-store');
    expect(created.body).toEqual({
      id: expect.stringMatching(/^g_/),
      scope_id: 'global',
      name: 'a',
      description: '',
      version: 1,
    });
    const read = await call('GET', `/v1/groups/${created.body.id}`);
    expect(read.body).toEqual(created.body);
  });

  test('a list keeps its envelope', async () => {
    const list = await call('GET', '/v1/groups?scope_id=global');
    expect(list.body).toMatchObject({ response_type: 'complete' });
    expect(api.seen[0]?.request).toMatchObject({ scope_id: 'global', recursive: false });
  });

  test('delete answers 204 with nothing, of auth methods 200 with an empty object', async () => {
    const deleted = await call('DELETE', `/v1/groups/${await newGroup()}`);
    expect([deleted.status, deleted.text, deleted.headers['content-type']]).toEqual([204, '', undefined]);
    const method = await call('DELETE', '/v1/auth-methods/ampw_1234567890');
    expect([method.status, method.body]).toEqual([200, {}]);
  });

  test('a verb is an action; the path wins over the body', async () => {
    const id = await newGroup();
    const added = await call('POST', `/v1/groups/${id}:add-members`, {
      id: 'g_other',
      version: 1,
      member_ids: ['u_1', 'u_2'],
    });
    expect(added.body.member_ids).toEqual(['u_1', 'u_2']);
    expect(api.seen.at(-1)?.request).toMatchObject({ id, version: 1 });
  });

  test('errors keep their kind, message and fields', async () => {
    const missing = await call('GET', '/v1/groups/g_AAAAAAAAAA');
    expect([missing.status, missing.body]).toEqual([404, { kind: 'NotFound', message: 'Resource not found.' }]);
  });

  test('a bug in a handler is a 500 that tells nothing', async () => {
    const failed = await call('GET', '/v1/scopes/global');
    expect([failed.status, failed.body]).toEqual([500, { kind: 'Internal', message: 'Internal error.' }]);
  });

  test('a handler that hangs is a 504', async () => {
    const id = await newGroup();
    api.onRead.current = () => new Promise(() => {});
    const late = await call('GET', `/v1/groups/${id}`);
    expect([late.status, late.body]).toEqual([504, { kind: 'DeadlineExceeded', message: 'Gateway Timeout' }]);
  });

  test('a caller that leaves aborts the operation', async () => {
    const id = await newGroup();
    const aborted = new Promise<void>((resolve) => {
      api.onRead.current = () => {
        request.destroy();
        api.seen.at(-1)!.op.signal.addEventListener('abort', () => resolve());
        return new Promise(() => {});
      };
    });
    const request = httpRequest({ host: '127.0.0.1', port: api.port, path: `/v1/groups/${id}`, agent: false });
    request.on('error', () => {});
    request.end();
    await aborted;
  });
});

describe('update masks', () => {
  const maskOf = async (body: string | object, query = ''): Promise<string[]> => {
    await call('PATCH', `/v1/groups/${await newGroup()}${query}`, body);
    return api.seen.at(-1)!.request.update_mask as string[];
  };

  test('come from the leaves of the body, null included', async () => {
    expect(await maskOf({ version: 1, name: 'x', description: null, member_ids: ['a'] })).toEqual([
      'version',
      'name',
      'description',
      'member_ids',
    ]);
    expect(await maskOf('')).toEqual([]);
  });

  test('name fields of a type one level deep', async () => {
    await call('PATCH', '/v1/auth-methods/ampw_1', {
      version: 1,
      attributes: { min_login_name_length: 3, x: { y: 1 } },
    });
    expect(api.seen.at(-1)!.request.update_mask).toEqual([
      'version',
      'attributes.min_login_name_length',
      'attributes.x',
    ]);
    expect(api.seen.at(-1)!.request.item.attributes).toEqual({ min_login_name_length: 3, x: { y: 1 } });
  });

  test('come from the query when it has one', async () => {
    expect(await maskOf({ version: 1, name: 'x', description: 'd' }, '?update_mask=name,%20version')).toEqual([
      'name',
      'version',
    ]);
  });

  test('a field that is null is cleared, others stay', async () => {
    const id = await newGroup({ name: 'n', description: 'd' });
    const patched = await call('PATCH', `/v1/groups/${id}`, { version: 1, description: null });
    expect(patched.body).toEqual({ id, scope_id: 'global', name: 'n', version: 2 });
  });

  test('an unknown field is refused by name', async () => {
    const id = await newGroup();
    const refused = await call('PATCH', `/v1/groups/${id}`, { version: 1, scopeId: 'x' });
    expect([refused.status, refused.body]).toEqual([400, fieldError('scopeId')]);
  });
});

describe('bodies', () => {
  test.each([
    ['trailing garbage', '{"scope_id":"global","name":"t"} x'],
    ['a byte order mark', '\uFEFF{"scope_id":"global"}'],
    ['unknown fields', '{"scope_id":"global","nope":{"a":[1]}}'],
    ['duplicate keys', '{"scope_id":"x","scope_id":"global"}'],
    ['brackets in strings', '{"scope_id":"global","name":"}]\\"{"}'],
    ['numbers as strings', '{"scope_id":"global","version":"1"}'],
    ['prototype keys', '{"scope_id":"global","__proto__":{"name":"p"}}'],
  ])('%s are accepted', async (_, body) => {
    const answer = await call('POST', '/v1/groups', body);
    expect([answer.status, answer.body.scope_id]).toEqual([200, 'global']);
  });

  test.each([
    ['{"scope_id":', 'cut off'],
    ['{', 'cut off early'],
    ['[]', 'an array'],
    ['"x"', 'a string'],
    ['null', 'null'],
    ['scope_id=x', 'a form'],
    ['\u0000\u0001\ufffd', 'binary'],
    ['{"a":'.repeat(5_000), 'deep'],
    ['['.repeat(1_000_000), 'deep and large'],
  ])('%#: malformed ones are a 400', async (body) => {
    const answer = await call('POST', '/v1/groups', body, { authorization: 'Bearer at_u_1' });
    expect([answer.status, answer.body.kind]).toEqual([400, 'InvalidArgument']);
    expect(answer.text.length).toBeLessThan(200);
  });

  test.each([
    ['name', { name: 7 }],
    ['name', { name: {} }],
    ['scope_id', { scope_id: 7 }],
    ['version', { version: 'one' }],
    ['version', { version: -1 }],
    ['version', { version: 1.5 }],
    ['version', { version: 4294967296 }],
    ['version', { version: '9'.repeat(100) }],
    ['version', { version: true }],
    ['created_time', { created_time: 'yesterday' }],
    ['created_time', { created_time: '2020-02-31T99:00:00Z' }],
    ['created_time', { created_time: '0000-01-01T00:00:00Z' }],
    ['member_ids', { member_ids: 'x' }],
    ['member_ids', { member_ids: ['a', 1, 2, 3] }],
    ['scope', { scope: 'global' }],
    ['scope.id', { scope: { id: 5 } }],
  ])('a wrong type names the field %s', async (name, body) => {
    const answer = await call('POST', '/v1/groups', body);
    expect([answer.status, answer.body]).toEqual([400, fieldError(name)]);
    expect(api.seen).toHaveLength(0);
  });

  test('lone surrogates are refused', async () => {
    const answer = await call('POST', '/v1/groups', '{"scope_id":"\\ud800"}');
    expect([answer.status, answer.body]).toEqual([400, fieldError('scope_id')]);
  });

  test('one beyond the limit is a 413 that the client gets to see, and the server goes on', async () => {
    const answer = await call('POST', '/v1/groups', `{"scope_id":"${'x'.repeat(2_097_152)}"}`);
    expect([answer.status, answer.body.kind]).toEqual([413, 'InvalidArgument']);
    expect((await call('POST', '/v1/groups', { scope_id: 'global' })).status).toBe(200);
  });

  test('an endless one is cut', async () => {
    const ended = new Promise<string>((resolve) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port: api.port,
        method: 'POST',
        path: '/v1/groups',
        agent: false,
      });
      const chunk = Buffer.alloc(65_536, 0x20);
      const pump = (): void => {
        while (request.write(chunk));
      };
      request.on('drain', pump);
      request.on('error', () => resolve('reset'));
      request.on('response', (response) => {
        response.resume();
        response.on('close', () => resolve('answered'));
      });
      pump();
    });
    expect(['reset', 'answered']).toContain(await ended);
  });
});

describe('paths', () => {
  test.each([
    ['PUT', '/v1/groups/g_1', 405],
    ['PATCH', '/v1/groups', 405],
    ['DELETE', '/v1/groups', 405],
    ['POST', '/v1/groups/g_1', 405],
    ['HEAD', '/v1/groups/g_1', 405],
    ['OPTIONS', '/v1/groups/g_1', 405],
    ['TRACE', '/v1/groups', 405],
    ['POST', '/v1/groups/g_1:cancel', 405],
    ['POST', '/v1/groups/g_1:nope', 400],
    ['POST', '/v1/groups:nope', 400],
    ['GET', '/v1/nope', 404],
    ['GET', '/v1/nope/x_1', 404],
    ['GET', '/v2/groups', 404],
    ['GET', '/v1/Groups', 404],
    ['GET', '/', 404],
    ['GET', '/v1/__proto__', 404],
    ['GET', '/v1/constructor/x', 404],
  ])('%s %s is a bare %d', async (method, path, status) => {
    const answer = await call(method, path);
    expect([answer.status, answer.text]).toEqual([status, '']);
    expect(api.seen).toHaveLength(0);
  });

  test.each(['g_1:add-members', '', 'g_%20', 'g_%2F', '%zz', '%ff'])(
    'a read of the malformed id "%s" is a 400',
    async (id) => {
      const answer = await call('GET', `/v1/groups/${id}`);
      expect([answer.status, answer.body]).toEqual([
        400,
        { ...INVALID, details: { request_fields: [{ name: 'id', description: 'Invalid formatted identifier.' }] } },
      ]);
    },
  );

  test('unclean paths are redirected', async () => {
    const bare = await call('GET', '/v1');
    expect([bare.status, bare.headers.location, bare.text]).toEqual([
      307,
      '/v1/',
      '<a href="/v1/">Temporary Redirect</a>.\n\n',
    ]);
    const doubled = await call('GET', '/v1//groups?scope_id=x');
    expect(doubled.headers.location).toBe('/v1/groups?scope_id=x');
    expect((await call('GET', '//evil.example/v1')).headers.location).toBe('/evil.example/v1');
  });

  test('no redirect leaves this origin', () => {
    const parts = [
      '/',
      '//',
      '\\',
      '/\\',
      '\t',
      '\r\n',
      '%5c',
      '%2f',
      '.',
      '..',
      '@',
      ':',
      'evil.example',
      'http:',
      '\u0000',
      'v1',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 8 }), (path) => {
        const target = new URL(localTarget(path.join(''), '?a=b'), 'https://sallyport.example/v1/x');
        expect(target.origin).toBe('https://sallyport.example');
      }),
    );
  });

  test.each([
    ['//\\evil.example', '/evil.example'],
    ['/v1//\\evil.example/x', '/v1/evil.example/x'],
    ['//%5cevil.example', '/%5cevil.example'],
  ])('%s is redirected to %s', async (path, location) => {
    expect((await call('GET', path)).headers.location).toBe(location);
  });
});

describe('queries', () => {
  test.each([
    ['recursive=1', true],
    ['recursive=T', true],
    ['recursive=false', false],
    ['nope=1&scopeId=x', false],
  ])('%s', async (query, recursive) => {
    expect((await call('GET', `/v1/groups?${query}`)).status).toBe(200);
    expect(api.seen[0]!.request).toMatchObject({ recursive, scope_id: '' });
  });

  test.each([
    ['recursive=nope', 'recursive'],
    ['page_size=-1', 'page_size'],
    ['page_size=x', 'page_size'],
    ['scope_id=a&scope_id=b', 'scope_id'],
    ['page_size=99999999999', 'page_size'],
  ])('%s is a 400 that names the field', async (query, name) => {
    const answer = await call('GET', `/v1/groups?${query}`);
    expect([answer.status, answer.body]).toEqual([400, fieldError(name)]);
  });
});

describe('callers', () => {
  const seenToken = async (headers: Record<string, string>): Promise<string | undefined> => {
    await call('GET', '/v1/groups', undefined, headers);
    return api.seen.at(-1)!.op.token;
  };

  test('send their token as a bearer, whatever the case of the scheme', async () => {
    expect(await seenToken({ authorization: 'Bearer at_1_x' })).toBe('at_1_x');
    expect(await seenToken({ authorization: 'bEARER at_1_x' })).toBe('at_1_x');
    expect(await seenToken({ authorization: 'Basic YTpi' })).toBeUndefined();
    expect(await seenToken({})).toBeUndefined();
  });

  test('of a browser get and send it as two cookies', async () => {
    const login = await call('POST', '/v1/auth-methods/ampw_1:authenticate', {
      type: 'cookie',
      attributes: { login_name: 'a' },
    });
    expect(login.body).toEqual({ type: 'cookie', attributes: { user_id: 'u_1234567890' } });
    const cookies = login.headers['set-cookie']!;
    expect(cookies).toHaveLength(2);
    expect(cookies.find((c) => c.startsWith('wt-http-token-cookie='))).toContain('HttpOnly');
    expect(cookies.find((c) => c.startsWith('wt-js-token-cookie='))).not.toContain('HttpOnly');
    for (const cookie of cookies) expect(cookie).toMatch(/; Path=\/; (HttpOnly; )?Secure; SameSite=Strict$/);
    const sent = cookies.map((c) => c.split(';')[0]).join('; ');
    const here = { 'sec-fetch-site': 'same-origin' };
    expect(await seenToken({ ...here, cookie: sent })).toBe('at_1234567890_secret');
    expect(await seenToken({ ...here, cookie: sent.split('; ')[0]! })).toBeUndefined();
    const plain = await call('POST', '/v1/auth-methods/ampw_1:authenticate', { attributes: {} });
    expect(plain.body.attributes.token).toBe('at_1234567890_secret');
    expect(plain.headers['set-cookie']).toBeUndefined();
  });

  test.each(['https://evil.example', 'null', ''])('of a page at %j are given no cookies', async (origin) => {
    const login = { type: 'cookie', attributes: { login_name: 'a' } };
    const answer = await call('POST', '/v1/auth-methods/ampw_1:authenticate', login, { origin });
    expect(answer.body).toEqual({ type: 'cookie', attributes: { user_id: 'u_1234567890' } });
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('may send a correlation id, which must be a UUID', async () => {
    const id = '4c3f1ae4-36e7-4bcb-8a2a-3b7e1a7a3c11';
    const answer = await call('GET', '/v1/groups', undefined, { 'x-correlation-id': id });
    expect(answer.headers['x-correlation-id']).toBe(id);
    expect(api.seen.at(-1)!.op.id).toBe(id);
    expect((await call('GET', '/v1/groups', undefined, { 'x-correlation-id': 'nope' })).status).toBe(400);
    expect((await call('GET', '/v1/groups')).headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('are known by their numeric address', async () => {
    await call('GET', '/v1/groups');
    expect(api.seen.at(-1)!.op.clientAddress).toBe('127.0.0.1');
  });
});

describe('other origins', () => {
  const origin = { origin: 'http://x.example' };

  test('may read answers', async () => {
    const answer = await call('GET', '/v1/groups', undefined, origin);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'Retry-After, RateLimit, RateLimit-Policy',
      vary: 'Origin',
    });
  });

  test('get a preflight answered', async () => {
    const preflight = await call('OPTIONS', '/v1/groups', undefined, {
      ...origin,
      'access-control-request-method': 'POST',
    });
    expect([preflight.status, preflight.text]).toEqual([204, '']);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'DELETE, GET, OPTIONS, POST, PATCH',
      'access-control-allow-headers': 'Content-Type, X-Requested-With, Authorization',
      'access-control-max-age': '300',
      vary: 'Origin',
    });
    const wrong: Record<string, string>[] = [{}, { 'access-control-request-method': 'PUT' }];
    for (const method of wrong) {
      const refused = await call('OPTIONS', '/v1/groups', undefined, { ...origin, ...method });
      expect([refused.status, refused.text]).toEqual([405, '']);
    }
  });

  test('that are not allowed are refused before anything else', async () => {
    const strict = await startMemoryApi({ cors: { enabled: true, allowedOrigins: ['https://ours.example'] } });
    const loose = api;
    api = strict;
    try {
      const refused = await call('GET', '/v1/groups', undefined, origin);
      expect([refused.status, refused.body]).toEqual([
        403,
        { Status: 403, Inner: { kind: 'PermissionDenied', message: 'origin forbidden' } },
      ]);
      const desktop = await call('GET', '/v1/groups', undefined, { origin: 'serve://boundary' });
      expect(desktop.headers['access-control-allow-origin']).toBe('serve://boundary');
      expect(strict.seen).toHaveLength(1);
    } finally {
      api = loose;
      await strict.listener.close(0);
    }
  });
});

test('requests are measured by route template', async () => {
  await call('GET', '/v1/groups/g_AAAAAAAAAA');
  await call('GET', '/v1/nope');
  const text = await api.registry.metrics();
  expect(text).toContain('http_request_duration_seconds_count{path="/v1/groups/{id}",method="get",code="404"}');
  expect(text).toContain('http_request_duration_seconds_count{path="invalid",method="get",code="404"}');
  expect(text).toContain('method="GetGroup",code="NOT_FOUND"');
});
