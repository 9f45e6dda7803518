/** Billing, and the services that only refuse. */
import { DEV, startTestController, type TestController } from '../../../test/harness/controller';
import { proofIn } from '../../../test/harness/proofs';
import { sql, transaction } from '../db/db';
import { enterpriseServices } from '../enterprise/enterprise.rpc';
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

describe('over the API', () => {
  let controller: TestController;
  beforeAll(async () => {
    controller = await startTestController((deps) => [billingService(deps), ...enterpriseServices()]);
  });
  afterAll(() => controller.stop());

  const allowed = proofIn('billing', 'monthly-active-users', 'global');
  const YEAR = { start: new Date('2030-01-01T00:00:00Z'), end: new Date('2031-01-01T00:00:00Z'), always: [] };

  test('a token makes its user active in each month that it lives in, and leaves them behind', async () => {
    const { executor } = controller.deps.db;
    const counts = async (now: string) => {
      const found = await activeUsers(executor, allowed, YEAR, new Date(now));
      return found.map(({ month, count }) => `${month.toISOString().slice(0, 7)} ${count}`);
    };
    // Of the two who are logged in.
    expect(await counts('2030-01-20T00:00:00Z')).toEqual(['2030-01 2']);
    await sql`insert into auth_tokens
      select 'at_long', scope_id, user_id, auth_method_id, account_id, token, key_id, '2030-01-29', '2030-01-29',
        '2030-01-29', '2030-03-05' from auth_tokens where user_id = ${DEV.user} limit 1`.execute(executor);
    expect(await counts('2030-01-31T23:59:59Z')).toEqual(['2030-01 2']);
    expect(await counts('2030-02-01T00:00:00Z')).toEqual(['2030-02 1', '2030-01 2']);
    expect(await counts('2030-05-01T00:00:00Z')).toEqual(['2030-03 1', '2030-02 1', '2030-01 2']);
    await transaction(controller.deps.db, new Date('2030-02-10T00:00:00Z'), (tx) =>
      sql`delete from auth_tokens where id = 'at_long'`.execute(tx),
    );
    expect(await counts('2030-05-01T00:00:00Z')).toEqual(['2030-02 1', '2030-01 2']);
  });

  test('the last two months are always told of, the running one up to the hour; only to those who may', async () => {
    const { admin, user, anonymous, deps } = controller;
    const method = 'BillingService/MonthlyActiveUsers';
    const { items } = await admin.call(method);
    expect(items).toMatchObject([
      {
        count: 2,
        start_time: expect.stringMatching(/^2030-01-01T00:00:00/),
        end_time: expect.stringMatching(/^2030-01-\d\dT\d\d:00:00(\.000)?Z$/),
      },
      { start_time: expect.stringMatching(/^2029-12-01/), end_time: expect.stringMatching(/^2030-01-01T00:00:00/) },
    ]);
    expect(items[1].count).toBeUndefined();
    await sql`insert into monthly_active_users (month, user_id) values
      ('2029-12-01T00:00:00Z', 'u_1'), ('2029-11-01T00:00:00Z', 'u_1')`.execute(deps.db.executor);
    expect((await admin.call(method)).items.map(({ count }: any) => count)).toEqual([2, 1]);
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
