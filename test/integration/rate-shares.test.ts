/** Shares of request rates, as clients of a whole controller meet them. */
import { DEV } from '../harness/controller';
import { startWholeController, type WholeController } from '../harness/whole-controller';
import { DEFAULT_MAX_QUOTAS, type RateLimits } from '../../services/controller/rpc/rate-limit';

let whole: WholeController | undefined;
afterEach(() => whole?.stop());

async function start(apiRateLimits: RateLimits): Promise<WholeController> {
  const anywhere = { host: '127.0.0.1', port: 0 };
  const forwarding = {
    authorizedAddrs: ['127.0.0.1'],
    hopSkips: 0,
    rejectNotPresent: false,
    rejectNotAuthorized: false,
  };
  const api = { address: anywhere, corsEnabled: false, corsAllowedOrigins: [], forwarding };
  return (whole = await startWholeController({ apiRateLimits, api }));
}

const get = async (path: string, token?: string, from?: string): Promise<Response> => {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (from !== undefined) headers['x-forwarded-for'] = from;
  const response = await fetch(`${whole!.address}${path}`, { headers });
  await response.arrayBuffer();
  return response;
};

/** How many calls were let in. */
async function flood(calls: number, call: (i: number) => Promise<Response>): Promise<number> {
  let allowed = 0;
  for (let i = 0; i < calls; i += 20) {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, j) => call(i + j)));
    allowed += answers.filter(({ status }) => status !== 429).length;
  }
  return allowed;
}

const HOUR_MS = 3_600_000;
const everything = { resources: ['*'], actions: ['*'], periodMs: HOUR_MS };

test('anonymous calls and forged tokens leave room for logged-in callers, of other addresses and of the same', async () => {
  const LIST = '/v1/scopes?scope_id=global';
  // The default numbers, in a window that does not end meanwhile.
  const rule = { ...everything, actions: ['list'], limit: 1_500 };
  const rules = [
    { ...rule, per: 'total' as const },
    { ...rule, per: 'ip-address' as const },
  ];
  const { api } = await start({ rules, maxQuotas: DEFAULT_MAX_QUOTAS });
  const forged = (i: number) => (i % 2 === 0 ? undefined : `at_1234567890_s1forged${i}`);
  expect(await flood(400, (i) => get(LIST, forged(i)))).toBe(188);
  expect(await flood(800, (i) => get(LIST, forged(i), `198.51.100.${i % 40}`))).toBe(750 - 188);
  expect((await get(LIST, undefined, '203.0.113.1')).status).toBe(429);
  expect((await get(LIST, api.token)).status).toBe(200);
  expect((await get(LIST, api.token, '203.0.113.1')).status).toBe(200);
}, 60_000);

test('with room for one window a second token gets 503 with Retry-After, as do all but the first', async () => {
  const unlimited = { ...everything, limit: undefined };
  const rules = [
    { ...unlimited, per: 'total' as const },
    { ...unlimited, per: 'ip-address' as const },
    { ...unlimited, per: 'auth-token' as const },
    { ...everything, resources: ['user'], actions: ['read'], per: 'auth-token' as const, limit: 2 },
  ];
  const { api } = await start({ rules, maxQuotas: 1 });
  const READ = `/v1/users/${DEV.admin}`;
  const first = api.token;
  expect((await get(READ, first)).headers.get('ratelimit')).toBe('limit=2, remaining=1, reset=3600');
  await api.login(DEV.authMethod, 'user', 'password');
  const refused = await get(READ, api.token);
  expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([503, 3_600]);
  expect((await get(READ, 'at_1234567890_s1forged')).status).toBe(503);
  expect([(await get(READ, first)).status, (await get(READ, first)).status]).toEqual([200, 429]);
});
