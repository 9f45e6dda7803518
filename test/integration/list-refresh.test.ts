/**
 * A caching client's view: it lists, page by page, while others create, change and delete, and then
 * refreshes by token. Whatever the order of things, its cache is what a fresh listing shows:
 * nothing lost, nothing twice.
 */
import { rows, sql, transaction } from '../../services/controller/db/db';
import { targetService } from '../../services/controller/targets/targets.rpc';
import { DEV, startTestController, type TestController } from '../harness/controller';
import { multiply } from '../harness/multiply';

const SEEDS = process.env['SALLYPORT_SEED'] === undefined ? [1, 2, 3, 4] : [Number(process.env['SALLYPORT_SEED'])];
const MANY = 10_000;

let controller: TestController;
beforeAll(async () => {
  const refuse = () => Promise.reject(new Error('no sessions here'));
  controller = await startTestController((deps) => [targetService(deps, refuse)]);
});
afterAll(() => controller.stop());

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Seen = Map<string, string>;

interface Page {
  items: { id: string; version: number; name: string }[];
  response_type: string;
  list_token: string;
  removed_ids: string[];
  est_item_count: number;
}

const page = async (request: object): Promise<Page> => {
  const answer = await controller.admin.call('TargetService/ListTargets', {
    scope_id: 'global',
    recursive: true,
    ...request,
  });
  return { ...answer, items: answer.items ?? [], removed_ids: answer.removed_ids ?? [] };
};

/** Takes one phase to its end into the cache; `between` happens after each page. */
async function follow(cache: Seen, request: object, token: string, between: () => Promise<void>): Promise<string> {
  const twice = new Set<string>();
  for (let pages = 0, list_token = token; pages < 100_000; pages++) {
    const got = await page({ ...request, list_token });
    for (const { id, version } of got.items) {
      if (token === '' && twice.has(id)) throw new Error(`${id} came twice`);
      twice.add(id);
      cache.set(id, String(version));
    }
    for (const id of got.removed_ids) cache.delete(id);
    list_token = got.list_token === '' ? list_token : got.list_token;
    if (got.response_type === 'complete') return list_token;
    await between();
  }
  throw new Error('the listing does not end');
}

async function truth(where = sql`true`): Promise<Seen> {
  const found = await rows<{ id: string; version: number }>(
    controller.deps.db.executor,
    sql`select id, version from targets where ${where}`,
  );
  return new Map(found.map(({ id, version }) => [id, String(version)]));
}

const sorted = (seen: Seen): [string, string][] => [...seen].sort(([a], [b]) => (a < b ? -1 : 1));

/** One change by somebody else. */
async function change(random: (below: number) => number, names: { next: number }): Promise<void> {
  const { admin } = controller;
  const ids = [...(await truth()).keys()].sort();
  const id = ids[random(ids.length)]!;
  const kind = random(3);
  if (kind === 0) {
    const item = { scope_id: DEV.project, type: 'tcp', name: `m${names.next++}`, attributes: { default_port: 22 } };
    await admin.call('TargetService/CreateTarget', { item });
  } else if (kind === 1 && ids.length > 5) await admin.call('TargetService/DeleteTarget', { id });
  else {
    const { item } = await admin.call('TargetService/GetTarget', { id });
    const description = `changed ${random(1_000)}`;
    await admin.call('TargetService/UpdateTarget', {
      id,
      item: { version: item.version, description },
      update_mask: ['description'],
    });
  }
}

test.each(SEEDS)('a cache is what a fresh listing shows (seed %i)', async (seed) => {
  const random = randomOf(seed);
  const names = { next: seed * 1_000_000 };
  for (let i = 0; i < 15; i++) await change(random, names);
  const cache: Seen = new Map();
  const between = async (): Promise<void> => {
    for (let i = random(4); i > 0; i--) await change(random, names);
  };
  const request = { page_size: 1 + random(5) };
  let token = await follow(cache, request, '', between);
  for (let round = 0; round < 3; round++) {
    await between();
    token = await follow(cache, request, token, between);
  }
  await follow(cache, request, token, () => Promise.resolve());
  expect(sorted(cache)).toEqual(sorted(await truth()));
});

describe('ten thousand items', () => {
  beforeAll(async () => {
    const { db } = controller.deps;
    const [of] = (await truth(sql`scope_id = ${DEV.project}`)).keys();
    await multiply(db.executor, { table: 'targets', of: of!, count: MANY, columns: { name: sql`'many' || i` } });
  });

  test('are listed once each, and a refresh tells what went away, however much it is', async () => {
    const { db, clock } = controller.deps;
    const cache: Seen = new Map();
    const first = await page({ page_size: 1 });
    expect(first.est_item_count).toBeGreaterThanOrEqual(MANY);
    const token = await follow(cache, {}, '', () => Promise.resolve());
    expect(sorted(cache)).toEqual(sorted(await truth()));
    await transaction(db, clock.now(), (tx) => sql`delete from targets where name like 'many%5'`.execute(tx));
    // More deleted ids than one answer takes.
    await sql`insert into tombstones (resource_type, id, deleted_time) select 'target', 'ttcp_gone' || i, ${clock.now()}
      from generate_series(1, 12000) i`.execute(db.executor);
    // Nothing has changed of late, so that only they make the answer a part.
    await sql`update targets set updated_time = updated_time - interval '1 hour'`.execute(db.executor);
    const told = await page({ list_token: token });
    expect(told).toMatchObject({ response_type: 'delta' });
    expect(told.removed_ids).toHaveLength(10_000);
    await follow(cache, {}, token, () => Promise.resolve());
    expect(sorted(cache)).toEqual(sorted(await truth()));
  });

  test('a filter is applied while pages are filled', async () => {
    const filter = '"/item/name" matches "^many[0-9]*77$"';
    const cache: Seen = new Map();
    await follow(cache, { filter, page_size: 7 }, '', () => Promise.resolve());
    expect(sorted(cache)).toEqual(sorted(await truth(sql`name like 'many%77'`)));
  });

  test('a filter without a match reads batches, not the table', async () => {
    controller.statements.length = 0;
    expect((await page({ filter: '"/item/name" == "nobody"' })).items).toEqual([]);
    const fetched = controller.statements.filter(({ text }) => text.includes('cross join lateral'));
    const limits = fetched.map(({ parameters }) => Math.max(...parameters.filter((one) => typeof one === 'number')));
    expect(Math.max(...limits)).toBeLessThanOrEqual(controller.deps.config.maxPageSize + 1);
    expect(fetched.length).toBeLessThan(30);
  });

  test('only what the caller may see is listed or counted', async () => {
    const { user } = controller;
    await sql`delete from role_grants where canonical like 'ids=*;type=target;%'`.execute(controller.deps.db.executor);
    const grants = ['type=target;actions=list', 'ids=ttcp_0000000001,ttcp_0000000002;actions=read'];
    for (const grant of grants) {
      await sql`insert into role_grants (role_id, canonical, raw)
        select role_id, ${grant}, ${grant} from role_principals where user_id = 'u_auth'`.execute(
        controller.deps.db.executor,
      );
    }
    const request = { scope_id: DEV.project, page_size: 1 };
    const seen = await user.call('TargetService/ListTargets', request);
    expect(seen).toMatchObject({ est_item_count: 2, response_type: 'delta', items: [{ id: 'ttcp_0000000002' }] });
    const rest = await user.call('TargetService/ListTargets', { ...request, list_token: seen.list_token });
    expect(rest).toMatchObject({ est_item_count: 2, response_type: 'complete', items: [{ id: 'ttcp_0000000001' }] });
  });
});
