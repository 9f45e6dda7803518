/** Rate limits as clients of both fronts meet them. */
import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { startMemoryApi, type MemoryApi } from '../../../test/harness/memory-groups';
import { GroupServiceClient, ListGroupsRequest } from '../../../proto/gen/api/groups';

let api: MemoryApi;
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  const rule = { resources: ['group'], per: 'auth-token' as const, periodMs: HOUR_MS };
  const rules = [
    { ...rule, actions: ['read'], limit: 2 },
    { ...rule, actions: ['list'], limit: 1 },
  ];
  api = await startMemoryApi({ rateLimits: { rules, maxQuotas: 1_000 } });
});
afterAll(() => api.listener.close(0));

const get = (path: string, token: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${api.port}${path}`, { headers: { authorization: `Bearer ${token}` } });

test('HTTP: headers on every answer, then 429 without a body', async () => {
  const first = await get('/v1/groups/g_nobody', 'at_1_x');
  expect(first.status).toBe(404);
  expect(first.headers.get('ratelimit')).toBe('limit=2, remaining=1, reset=3600');
  expect(first.headers.get('ratelimit-policy')).toBe(
    '30000;w=30;comment="total", 30000;w=30;comment="ip-address", 2;w=3600;comment="auth-token"',
  );
  await get('/v1/groups/g_nobody', 'at_1_x');
  const refused = await get('/v1/groups/g_nobody', 'at_1_x');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
  expect(await refused.text()).toBe('');
  expect((await get('/v1/groups/g_nobody', 'at_1_y')).status).toBe(404);
});

test('gRPC: the same limits under the same names', async () => {
  const client = new GroupServiceClient(`127.0.0.1:${api.port}`, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer at_1_z');
  const list = (): Promise<ServiceError | null> =>
    new Promise((resolve) =>
      client.listGroups(ListGroupsRequest.fromPartial({ scope_id: 'global' }), metadata, (error) => resolve(error)),
    );
  expect((await list())?.code).not.toBe(status.RESOURCE_EXHAUSTED);
  const refused = await list();
  expect(refused).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: expect.stringMatching(/Try again in \d+ s/),
  });
  expect((await get('/v1/groups?scope_id=global', 'at_1_z')).status).toBe(429);
  client.close();
});

test('how full the limiter is stands in the metrics', async () => {
  const metrics = await api.registry.metrics();
  expect(metrics).toMatch(/ratelimiter_quota_storage_capacity 1000/);
  expect(metrics).toMatch(/ratelimiter_quota_storage_usage [1-9]/);
});
