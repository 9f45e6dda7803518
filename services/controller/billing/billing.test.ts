/** Billing, and the services that only refuse. */
import { startTestController, type TestController } from '../../../test/harness/controller';
import { proofIn } from '../../../test/harness/proofs';
import { sql } from '../db/db';
import { enterpriseServices } from '../enterprise/enterprise.rpc';
import { createSession, createWorld, USER } from '../sessions/sessions.fixture';
import { periodOf } from './billing';
import { billingService } from './billing.rpc';
import { activeUsers } from './billing.store';

const NOW = new Date('2030-01-31T12:00:00Z');
const months = (start_time: string, end_time: string) => {
  const { start, end } = periodOf({ start_time, end_time }, NOW);
  return [start.toISOString().slice(0, 10), end.toISOString().slice(0, 10)];
};

test('periods: whole months in UTC', () => {
  expect(months('', '')).toEqual(['2029-12-01', '2030-02-01']);
  expect(months('2029-03', '')).toEqual(['2029-03-01', '2030-02-01']);
  expect(months('2029-03', '2029-04')).toEqual(['2029-03-01', '2029-04-01']);
  expect(() => months('2029-04', '2029-04')).toThrow('start time is not before end time');
  expect(() => months('2029-13', '')).toThrow('start time is in an invalid format');
  expect(() => months('2029-01', 'x')).toThrow('end time is in an invalid format');
  expect(() => months('', '2029-04')).toThrow();
});

test('a session makes its user active in its month, once', async () => {
  const at = new Date('2026-03-31T23:59:59Z');
  const world = await createWorld(at);
  try {
    await createSession(world, at);
    await createSession(world, at);
    await createSession(world, new Date('2026-04-01T00:00:00Z'));
    const allowed = proofIn('billing', 'monthly-active-users', 'global');
    const period = { start: new Date('2026-03-01T00:00:00Z'), end: new Date('2026-04-01T00:00:00Z') };
    expect(await activeUsers(world.db.executor, allowed, period)).toEqual([{ month: period.start, count: 1 }]);
    const all = sql`select to_char(month at time zone 'UTC', 'YYYY-MM') as month, user_id from monthly_active_users`;
    expect((await all.execute(world.db.executor)).rows).toEqual([
      { month: '2026-03', user_id: USER },
      { month: '2026-04', user_id: USER },
    ]);
  } finally {
    await world.close();
  }
});

describe('over the API', () => {
  let controller: TestController;
  beforeAll(async () => {
    controller = await startTestController((deps) => [billingService(deps), ...enterpriseServices()]);
  });
  afterAll(() => controller.stop());

  test('counts by month, the running one up to now; only for those who may', async () => {
    const { admin, user, anonymous, deps } = controller;
    const method = 'BillingService/MonthlyActiveUsers';
    expect(await admin.call(method)).toEqual({});
    await sql`insert into monthly_active_users (month, user_id) values ('2030-01-01T00:00:00Z', 'u_1'),
      ('2030-01-01T00:00:00Z', 'u_2'), ('2029-12-01T00:00:00Z', 'u_1'), ('2029-11-01T00:00:00Z', 'u_1')`.execute(
      deps.db.executor,
    );
    const { items } = await admin.call(method);
    expect(items).toMatchObject([
      {
        count: 2,
        start_time: expect.stringMatching(/^2030-01-01T00:00:00/),
        end_time: expect.stringMatching(/^2030-01-02/),
      },
      { count: 1, end_time: expect.stringMatching(/^2030-01-01T00:00:00/) },
    ]);
    expect((await admin.call(method, { start_time: '2029-11', end_time: '2029-12' })).items).toHaveLength(1);
    expect(await admin.refusal(method, { start_time: 'x' })).toMatchObject({ status: 400 });
    expect(await user.refusal(method)).toMatchObject({ status: 403 });
    expect(await anonymous.refusal(method)).toMatchObject({ status: 401 });
  });

  test.each([
    ['PolicyService/ListPolicies', 'Policies are an Enterprise-only feature'],
    ['PolicyService/CreatePolicy', 'Policies are an Enterprise-only feature'],
    ['StorageBucketService/GetStorageBucket', 'storage buckets are an Enterprise-only feature'],
    ['SessionRecordingService/Download', 'session recordings are an Enterprise-only feature'],
  ])('%s is refused', async (method, message) => {
    for (const caller of [controller.admin, controller.anonymous]) {
      expect(await caller.refusal(method)).toEqual({ status: 405, kind: 'Unimplemented', message });
    }
  });
});
