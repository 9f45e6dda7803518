/**
 * What a list page costs does not depend on the size of the table: every statement of every noun's
 * list is explained on a table of 1,000 rows and on a large one, before and after the planner has
 * statistics, and reads as many rows.
 */
import { CompiledQuery } from 'kysely';
import { decodeBase58 } from '../../lib/ids/base58';
import { rows, sql } from '../../services/controller/db/db';
import { COUNT_LIMIT } from '../../services/controller/resources/list-page';
import { createServices } from '../../services/controller/services';
import { startTestController, type TestController } from '../harness/controller';
import { describePlan, type Plan } from '../harness/plans';
import { SCOPES, seedLists, type Listing, type Lists } from './list-plans.seed';

/** Rows of each noun; 100,000 were tried too. */
const LARGE = Number(process.env['SALLYPORT_PLAN_ROWS'] ?? 12_000);
const SMALL = 1_000;
const PAGE = 20;
/** Rows that a plan may read more than on the small table, where pages are not always full. */
const FEW = 20 * PAGE;
/** Without statistics the planner may read and sort one of the scopes, never the table. */
const ONE_SCOPE = FEW + LARGE / SCOPES;

let controller: TestController;
let lists: Lists;
beforeAll(async () => {
  controller = await startTestController((deps) => createServices(deps as Parameters<typeof createServices>[0]));
  lists = await seedLists(controller, SMALL);
}, 60_000);
afterAll(() => controller.stop());

/** The statements of one request. */
async function statementsOf(listing: Listing, list_token: string): Promise<{ token: string; plans: Plan[] }> {
  controller.statements.length = 0;
  const request = { ...listing.request, page_size: PAGE, list_token };
  const answer = await controller[listing.as].call(listing.method, request);
  const plans: Plan[] = [];
  for (const { text, parameters } of [...controller.statements]) {
    if (/^select (p\.\*|count)|from tombstones/.test(text)) plans.push(await explain(text, parameters));
  }
  return { token: answer.list_token as string, plans };
}

async function explain(text: string, parameters: readonly unknown[]): Promise<Plan> {
  const query = CompiledQuery.raw(`explain (analyze, format json) ${text}`, [...parameters]);
  const { rows: found } = await controller.deps.db.executor.executeQuery<any>(query);
  return describePlan(text, found[0]['QUERY PLAN'][0].Plan);
}

/** A token of the end of a listing that began an hour earlier. */
function ended(token: string): string {
  // Behind the authentication code.
  const [, resourceType, grantsHash, createdMs] = JSON.parse(decodeBase58(token)!.subarray(16).toString('utf8'));
  const phase = { kind: 'ended', began: createdMs - 3_600_000 } as const;
  return controller.deps.listTokens.encode({ resourceType, grantsHash, createdMs, phase });
}

/** Plans of the first and the next page, of a refresh and its next page. */
async function plansOf(listing: Listing): Promise<Record<string, Plan[]>> {
  const first = await statementsOf(listing, '');
  const next = await statementsOf(listing, first.token);
  const refresh = await statementsOf(listing, ended(first.token));
  const more = await statementsOf(listing, refresh.token);
  return { first: first.plans, next: next.plans, refresh: refresh.plans, more: more.plans };
}

/**
 * Counting and deleted ids have a limit of their own; a table of about that size is counted without
 * an index.
 */
const limitOf = (text: string): number | undefined =>
  /^select count|from tombstones/.test(text)
    ? Math.max(COUNT_LIMIT * 1.1, Math.min(LARGE * 1.1, COUNT_LIMIT * 3))
    : undefined;

/** What is wrong with the plans on the large table, beside those on the small one. */
function problems(small: Record<string, Plan[]>, large: Record<string, Plan[]>, allowance: number): string[] {
  const found: string[] = [];
  for (const [page, plans] of Object.entries(large)) {
    for (const [i, plan] of plans.entries()) {
      const before = small[page]![i]!;
      const most = limitOf(plan.text) ?? before.rowsRead + allowance;
      if (plan.rowsRead <= most) continue;
      found.push(`${page}: ${before.rowsRead} rows became ${plan.rowsRead}\n${plan.text}\n${plan.outline}`);
    }
  }
  return found;
}

async function allPlans(): Promise<Map<string, Record<string, Plan[]>>> {
  const plans = new Map<string, Record<string, Plan[]>>();
  for (const listing of lists.listings) plans.set(listing.name, await plansOf(listing));
  return plans;
}

test('a page reads as many rows from a large table as from a small one, with statistics and without', async () => {
  const small = await allPlans();
  await lists.grow(LARGE);
  const sizes = await rows<{ n: bigint }>(controller.deps.db.executor, sql`select count(*) as n from targets`);
  expect(Number(sizes[0]!.n)).toBeGreaterThanOrEqual(LARGE);
  const bare = await allPlans();
  await sql`analyze`.execute(controller.deps.db.executor);
  const analyzed = await allPlans();
  const found: Record<string, string[]> = {};
  for (const [name, before] of small) {
    const wrong = [
      ...problems(before, bare.get(name)!, ONE_SCOPE).map((text) => `without statistics, ${text}`),
      ...problems(before, analyzed.get(name)!, FEW),
    ];
    if (wrong.length > 0) found[name] = wrong;
  }
  for (const [name, wrong] of Object.entries(found)) process.stderr.write(`${name}\n${wrong.join('\n')}\n`);
  expect(Object.keys(found)).toEqual([]);
}, 240_000);

test('an estimate is near the truth, on tables without statistics too', async () => {
  const all = await controller.admin.call('TargetService/ListTargets', {
    scope_id: 'global',
    recursive: true,
    page_size: 1,
  });
  expect(all.est_item_count).toBeGreaterThan(LARGE / 2);
  expect(all.est_item_count).toBeLessThan(LARGE * 2 + 100);
  const none = await controller.user.call('TargetService/ListTargets', {
    scope_id: 'global',
    recursive: true,
    page_size: 1,
  });
  expect(none.est_item_count).toBe(lists.visible);
});
