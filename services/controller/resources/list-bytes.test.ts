/**
 * Lists of items that are large, and of many: where pages end, what is read at once, and what is
 * counted as work.
 */
import { DEV, startTestController, type TestController } from '../../../test/harness/controller';
import { Work, WorkExceeded } from '../../../lib/limits/work';
import { billingService } from '../billing/billing.rpc';
import { sql, transaction } from '../db/db';
import { service, type Op, type Service } from '../rpc/service';
import { scopeService } from '../scopes/scopes.rpc';
import { targetService } from '../targets/targets.rpc';
import { selectTargets } from '../targets/targets.store';
import { workerService } from '../workers/workers.rpc';
import { fetchPage } from './list-page';

const LARGE = 46;
/** With those of dev mode. */
const ALL = LARGE + 2;
const SIZE = 131_072;
const MIB = 1 << 20;

let controller: TestController;
/** Of the next calls; undefined: that of the pipeline. */
let work: Work | undefined;

/** The same service, at work with a budget that the test looks at. */
const watched = ({ definition, handlers }: Service): Service =>
  service(
    definition,
    Object.fromEntries(
      Object.entries(handlers).map(([name, handle]) => [
        name,
        (op: Op, request: unknown): Promise<any> => handle({ ...op, work: work ?? op.work }, request),
      ]),
    ),
  );

beforeAll(async () => {
  const refuse = () => Promise.reject(new Error('no sessions here'));
  controller = await startTestController((deps) => [
    watched(targetService(deps, refuse)),
    watched(workerService(deps as Parameters<typeof workerService>[0])),
    watched(billingService(deps)),
    watched(scopeService(deps)),
  ]);
  // Random, so that neither the database nor anything else makes it small.
  await sql`insert into targets (id, scope_id, type, name, description, address, default_port, created_time, updated_time)
      select 'ttcp_' || lpad(n::text, 10, '0'), ${DEV.project}, 'tcp', 'large ' || n,
        rpad(md5(n::text), ${SIZE}::int, md5(n::text)), '127.0.0.1', 22, t.at, t.at
      from generate_series(1, ${LARGE}::int) n, lateral (select now() + n * interval '1 second' as at) t`.execute(
    controller.deps.db.executor,
  );
  await sql`insert into workers (id, name, description, created_time, updated_time)
    select 'w_' || lpad(n::text, 10, '0'), 'worker ' || n, repeat('ab', 500), now(), now()
    from generate_series(1, 30) n`.execute(controller.deps.db.executor);
});
afterAll(() => controller.stop());
beforeEach(() => (work = undefined));

interface Page {
  items?: { id: string; version: number }[];
  removed_ids?: string[];
  response_type: string;
  list_token: string;
}

const page = (request: object): Promise<Page> =>
  controller.admin.call('TargetService/ListTargets', { scope_id: DEV.project, ...request });

/** All pages of a phase. */
async function pages(request: { list_token?: string; filter?: string }): Promise<Page[]> {
  const found = [await page(request)];
  while (found.at(-1)!.response_type === 'delta') {
    found.push(await page({ ...request, list_token: found.at(-1)!.list_token }));
  }
  return found;
}

const idsOf = (all: Page[]): string[] => all.flatMap(({ items = [] }) => items.map(({ id }) => id));

test('a page ends at a size too, the next one goes on, and a refresh tells of everything', async () => {
  const listing = await pages({});
  expect(listing.length).toBeGreaterThanOrEqual(6);
  for (const { items = [] } of listing) {
    expect(items.length).toBeGreaterThan(0);
    expect(Buffer.byteLength(JSON.stringify(items))).toBeLessThanOrEqual(MIB);
  }
  const ids = idsOf(listing);
  expect(ids).toHaveLength(ALL);
  expect(new Set(ids).size).toBe(ALL);

  const changed = ids.slice(2, 22);
  for (const id of changed) {
    const [item, update_mask] = [{ name: `changed ${id}`, version: 1 }, ['name']];
    await controller.admin.call('TargetService/UpdateTarget', { id, item, update_mask });
  }
  await controller.admin.call('TargetService/DeleteTarget', { id: ids[30] });
  const refresh = await pages({ list_token: listing.at(-1)!.list_token });
  expect(refresh.length).toBeGreaterThanOrEqual(3);
  expect(refresh.flatMap(({ removed_ids = [] }) => removed_ids)).toEqual([ids[30]]);
  expect(idsOf(refresh)).toEqual(expect.arrayContaining(changed));
  for (const answer of refresh) expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(MIB + 2_000);
});

test('an item that is larger than a page has one of its own', async () => {
  const own = sql`update targets set egress_worker_filter = repeat('x', ${2 * MIB}::int) where name = 'large 7'`;
  await own.execute(controller.deps.db.executor);
  const listing = await pages({});
  const large = listing.find(({ items = [] }) => items.some(({ id }) => id === 'ttcp_0000000007'))!;
  expect(large.items).toHaveLength(1);
  expect(new Set(idsOf(listing)).size).toBe(ALL - 1);
  await sql`update targets set egress_worker_filter = null where name = 'large 7'`.execute(controller.deps.db.executor);
});

test('rows are read in batches', async () => {
  controller.statements.length = 0;
  const [nothing] = await pages({ filter: '"/item/name" == "nope"' });
  expect(nothing!.items).toBeUndefined();
  const reads = controller.statements.filter(({ text }) => text.includes('read_bytes'));
  // 46 times 128 KiB: 4 MiB with the first statement, the rest with the second.
  expect(reads).toHaveLength(2);
  const listed = { select: selectTargets, from: sql`from targets r` };
  const newest = { by: 'created_time', after: undefined, since: undefined } as const;
  const batch = await fetchPage(controller.deps.db.executor, listed, [{ where: sql`true` }], newest, 1_000);
  expect(batch.more).toBe(true);
  expect(batch.rows.length).toBeGreaterThanOrEqual(28);
  expect(batch.rows.length).toBeLessThanOrEqual(35);
});

test('a filter reads its rows in batches', async () => {
  await sql`insert into targets (id, scope_id, type, name, address, default_port, created_time, updated_time)
    select 'ttcp_small' || n, ${DEV.project}, 'tcp', 'small ' || n, '127.0.0.1', 22, now(), now()
    from generate_series(1, 600) n`.execute(controller.deps.db.executor);
  controller.statements.length = 0;
  await page({ page_size: 10, filter: '"/item/name" == "nope"' });
  const reads = controller.statements.filter(({ text }) => text.includes('read_bytes'));
  for (const { parameters } of reads) expect(parameters).toContain(500);
  // 600 small ones and 46 large ones: the large ones end the first statement earlier.
  expect(reads).toHaveLength(3);
  await transaction(controller.deps.db, controller.deps.clock.now(), (tx) =>
    sql`delete from targets where name like 'small %'`.execute(tx),
  );
});

test('small items cost one statement a page, however many they are', async () => {
  controller.statements.length = 0;
  await page({ page_size: 3 });
  expect(controller.statements.filter(({ text }) => text.includes('read_bytes'))).toHaveLength(1);
});

describe('work', () => {
  let pauses = 0;
  const budget = (limit: number, stretch: number): Work => {
    pauses = 0;
    return new Work(limit, stretch, () => {
      pauses++;
      return Promise.resolve();
    });
  };

  test('grows with the items and their bytes', async () => {
    work = budget(Infinity, Infinity);
    await page({ page_size: 1 });
    const one = work.steps;
    work = budget(Infinity, Infinity);
    await page({ page_size: 4 });
    // Decisions on an item, and its bytes; one more is looked at than shown.
    expect((work.steps - one) / 3).toBeGreaterThan(3_000 + SIZE / 4);
    expect((work.steps - one) / 3).toBeLessThan(5_000 + SIZE / 4);
  });

  test('is done with pauses, of an item at most', async () => {
    work = budget(Infinity, 30_000);
    await pages({ filter: '"/item/name" == "nope"' });
    // One was deleted above.
    expect(pauses).toBeGreaterThanOrEqual(LARGE - 1);
    work = budget(Infinity, 1);
    await controller.admin.call('WorkerService/ListWorkers', { scope_id: 'global', filter: '"/item/name" == "x"' });
    expect(pauses).toBeGreaterThan(0);
  });

  test('grows with the scopes that a list over all of them looks at, with pauses between', async () => {
    const everywhere = { scope_id: 'global', recursive: true, page_size: 1, filter: '"/item/name" == "nope"' };
    const ask = () => controller.user.call('TargetService/ListTargets', everywhere);
    work = budget(Infinity, 30_000);
    await ask();
    const [before, pausesBefore] = [work.steps, pauses];
    await sql`insert into scopes (id, type, scope_id, created_time, updated_time)
      select 'p_' || lpad(n::text, 10, '0'), 'project', ${DEV.org}, now(), now()
      from generate_series(1, 1000) n`.execute(controller.deps.db.executor);
    work = budget(Infinity, 30_000);
    await ask();
    // Whether one may list there, and what there is to see.
    expect(work.steps - before).toBeGreaterThanOrEqual(1_000 * 2_000);
    expect(pauses - pausesBefore).toBeGreaterThanOrEqual(60);
    work = budget(1_000_000, Infinity);
    expect(await controller.user.refusal('TargetService/ListTargets', everywhere)).toMatchObject({ status: 429 });
  });

  test('ends with an error beyond the budget, in every list', async () => {
    const filter = '"/item/description" matches "[0-9a-f]{300}[^0-9a-f]"';
    for (const [method, request] of [
      ['TargetService/ListTargets', { scope_id: DEV.project, filter }],
      ['WorkerService/ListWorkers', { scope_id: 'global', filter }],
    ] as const) {
      work = budget(50_000, Infinity);
      expect(await controller.admin.refusal(method, request)).toMatchObject({
        status: 429,
        message: expect.stringContaining('controller.limits.request_work') as string,
      });
      expect(() => work!.charge(0)).toThrow(WorkExceeded);
    }
    await sql`insert into monthly_active_users (month, user_id)
      select date '2020-01-01' + n * interval '1 month', 'u_1' from generate_series(0, 9) n`.execute(
      controller.deps.db.executor,
    );
    for (const [method, request] of [
      ['BillingService/MonthlyActiveUsers', { start_time: '2020-01' }],
      ['ScopeService/ListKeys', { id: DEV.project }],
    ] as const) {
      work = budget(15_000, Infinity);
      expect(await controller.admin.refusal(method, request)).toMatchObject({ status: 429 });
      work = budget(Infinity, 6_000);
      await controller.admin.call(method, request);
      expect(pauses).toBeGreaterThanOrEqual(2);
    }
  });
});
