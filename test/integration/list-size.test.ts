/**
 * Large lists by every door: HTTP and gRPC page by page, the command line, and a search through its
 * cache.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli, type Outcome } from '../../cli/testing/run';
import { sql } from '../../services/controller/db/db';
import { DEV } from '../harness/controller';
import type { Door } from '../harness/doors';
import { waitFor } from '../harness/wait';
import { startWholeController, type WholeController } from '../harness/whole-controller';

const LARGE = 46;
const SIZE = 131_072;

let controller: WholeController;
let home: string;
beforeAll(async () => {
  controller = await startWholeController();
  home = mkdtempSync(join(tmpdir(), 'sallyport-large-'));
  await sql`insert into targets (id, scope_id, type, name, description, address, default_port, created_time, updated_time)
      select 'ttcp_' || lpad(n::text, 10, '0'), ${DEV.project}, 'tcp', 'large ' || n, repeat('x', ${SIZE}::int),
        '127.0.0.1', 22, t.at, t.at
      from generate_series(1, ${LARGE}::int) n, date_trunc('milliseconds', now()) as t (at)`.execute(
    controller.db.executor,
  );
});
afterAll(async () => {
  await controller.stop();
  rmSync(home, { recursive: true });
});

interface Page {
  items?: { id: string; description?: string }[];
  response_type: string;
  list_token: string;
}

async function pages(door: Door, list_token = ''): Promise<Page[]> {
  const found: Page[] = [];
  for (let token = list_token; found.at(-1)?.response_type !== 'complete'; token = found.at(-1)!.list_token) {
    const { status, body } = await door.call('ListTargets', { scope_id: 'global', recursive: true, list_token: token });
    expect(status).toBe(200);
    found.push(body as Page);
  }
  return found;
}

const large = (items: { description?: string }[] = []): number =>
  items.filter(({ description }) => description?.length === SIZE).length;

test.each(['http', 'grpc'] as const)('%s pages to the end, and refreshes', async (name) => {
  const door = controller[name];
  const listing = await pages(door);
  expect(listing.length).toBeGreaterThan(1);
  expect(large(listing.flatMap(({ items = [] }) => items))).toBe(LARGE);
  await sql`update targets set updated_time = date_trunc('milliseconds', now()), version = version + 1 where name like 'large %'`.execute(
    controller.db.executor,
  );
  const refresh = await pages(door, listing.at(-1)!.list_token);
  expect(large(refresh.flatMap(({ items = [] }) => items))).toBe(LARGE);
});

const run = (argv: string[]): Promise<Outcome> =>
  runCli(argv, {
    env: {
      ...{ HOME: home, PATH: '', SALLYPORT_ADDR: controller.address, SALLYPORT_KEYRING_TYPE: 'none' },
      ...{ T: controller.api.token!, SALLYPORT_SKIP_CACHE_DAEMON: '1' },
    },
  });

async function json(argv: string[]): Promise<any> {
  const { exit, stdout, stderr } = await run([...argv, '-token', 'env://T', '-format', 'json']);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return JSON.parse(stdout);
}

test('the command line shows all of them', async () => {
  expect(large((await json(['targets', 'list', '-scope-id', DEV.project])).items)).toBe(LARGE);
});

test('a search finds all of them', async () => {
  const running = run(['cache', 'start']);
  try {
    await waitFor('the cache', async () => ((await run(['cache', 'status'])).exit === 0 ? true : undefined));
    expect((await run(['cache', 'add-token', '-token', 'env://T'])).exit).toBe(0);
    const search = ['search', '-resource', 'targets', '-query', 'name % "large"', '-force-refresh'];
    expect(large((await json(search)).item.targets)).toBe(LARGE);
  } finally {
    await run(['cache', 'stop']);
  }
  expect((await running).exit).toBe(0);
});
