/**
 * Lists without pages, as large as their limits let them become: by both doors, with the limits
 * that clients have.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newEd25519 } from '../../lib/tls/keys';
import { enrollWith, TestWorker } from '../../services/controller/control/control.fixture';
import { sql, transaction } from '../../services/controller/db/db';
import { CONTROLLER_LIMITS } from '../../services/controller/limits';
import { loadDescriptors } from '../../services/controller/rpc/descriptors';
import { SHAPE_LIMITS } from '../../services/controller/shape-limits';
import { candidates } from '../../services/controller/workers/workers.store';
import { DEV } from '../harness/controller';
import { startWholeController, type WholeController } from '../harness/whole-controller';

/** As high as the configuration can set them. */
const HIGHEST = {
  ...CONTROLLER_LIMITS.defaults(),
  workers: SHAPE_LIMITS.workers.max,
  worker_list_bytes: SHAPE_LIMITS.worker_list_bytes.max,
  versions_per_key: SHAPE_LIMITS.versions_per_key.max,
};

let controller: WholeController;
beforeAll(async () => {
  controller = await startWholeController({ limits: HIGHEST });
  // Three bytes each, as long as the API takes them.
  await sql`update scopes set name = left(id, 1) || repeat('名', 511), description = repeat('説', 131072)
    where id in ('global', ${DEV.project})`.execute(controller.db.executor);
});
afterAll(() => controller.stop());

/** What the schema lets through, and what it refuses. */
const change = (statement: ReturnType<typeof sql>): Promise<unknown> =>
  transaction({ ...controller.db, limits: HIGHEST }, new Date(), (tx) => statement.execute(tx));

async function listed(rpc: string, request: Record<string, string>): Promise<any[]> {
  const [http, grpc] = await Promise.all([controller.http.call(rpc, request), controller.grpc.call(rpc, request)]);
  expect([http.status, grpc.status]).toEqual([200, 200]);
  expect(grpc.body.items).toHaveLength(http.body.items.length);
  return grpc.body.items as any[];
}

test('every list without pages is known here', () => {
  const descriptors = loadDescriptors(readFileSync(join(__dirname, '../../proto/gen/image.binpb')));
  const without = [...descriptors]
    .flatMap((descriptor) => (descriptor.kind === 'service' ? descriptor.methods : []))
    .filter(({ parent, output }) => {
      const names = output.fields.map(({ name }) => name);
      return parent.typeName.startsWith('sallyport.api.') && names.includes('items') && !names.includes('list_token');
    });
  expect(without.map(({ name }) => name).sort()).toEqual([
    'ListExports', // Refused in this edition.
    'ListKeyVersionDestructionJobs',
    'ListKeys',
    'MonthlyActiveUsers', // An item a month.
  ]);
});

test('workers whose list is above its limit attach, whatever they report, without new tags', async () => {
  const enrolled = async () => {
    const made = await controller.api.ok('POST', '/v1/workers:create:controller-led', { scope_id: 'global' });
    const token = made.controller_generated_activation_token as string;
    const key = newEd25519();
    const { certificate } = await enrollWith(controller.cluster, token, key);
    return { id: made.id as string, worker: () => new TestWorker(controller.cluster, { key, certificate }) };
  };
  const old = await enrolled();
  const fresh = await enrolled();
  const first = old.worker();
  await first.attach({ config_tags: { type: { values: ['dev', 'local'] }, region: { values: ['eu'] } } });
  // As if the limit had been higher: without the setting nothing is checked.
  await sql`insert into workers (id, config_tags, created_time, updated_time)
    values ('w_0000000000', jsonb_build_object('k', repeat('x', ${HIGHEST.worker_list_bytes}::int)), now(), now())`.execute(
    controller.db.executor,
  );
  // Texts as long as they are taken, and longer.
  const more = { address: '10.0.0.1:9202'.padEnd(300, '名'), release_version: '0.1.0-'.padEnd(1_000, '名') };
  const talkative = old.worker();
  await talkative.attach({
    ...more,
    config_tags: { type: { values: ['new', 'dev'] }, zone: { values: ['eu-west-1'] } },
  });
  const read = (id: string) => controller.api.ok('GET', `/v1/workers/${id}`);
  const grown = await read(old.id);
  expect(grown.config_tags).toEqual({ type: ['dev'] });
  const told = [grown.address, grown.release_version.replace('Sallyport v', '')];
  expect(told.map((text) => Buffer.byteLength(text))).toEqual([259, 63]);
  await first.close();
  await talkative.close();
  const another = fresh.worker();
  await another.attach({ ...more, address: '10.0.0.2:9202', config_tags: { type: { values: ['dev'] } } });
  expect((await read(fresh.id)).config_tags).toBeUndefined();
  expect(await candidates(controller.db.executor, new Date())).toMatchObject([{ id: fresh.id }]);
  await another.close();
  await change(sql`delete from workers`);
});

describe('workers', () => {
  const none = () => change(sql`delete from workers`);
  afterEach(none);

  const worker = (count: number, name: string, tags: ReturnType<typeof sql>): ReturnType<typeof sql> =>
    sql`insert into workers (id, name, address, release_version, detached_time, api_tags, config_tags, created_time,
          updated_time, version)
        select 'w_' || lpad(n::text, 10, '0'), ${name}::text || n, '10.0.0.1:9202', '0.1.0', now(), ${tags}, ${tags},
          now(), now(), 2000000000
        from generate_series(1, ${count}::int) n`;

  test.each([
    ['small ones', 'a', sql`'{}'::jsonb`, 300],
    [
      'many short tags',
      'b',
      sql`(select jsonb_object_agg('k' || i, '["v"]'::jsonb) from generate_series(1, 500) i)`,
      0,
    ],
    ['one key', 'c', sql`jsonb_build_object('k', (select jsonb_agg(i::text) from generate_series(1, 1000) i))`, 0],
    [
      'long tags',
      'd',
      sql`jsonb_build_object('k', (select jsonb_agg(i || repeat('x', 500)) from generate_series(1, 31) i))`,
      0,
    ],
  ])('%s: as many as fit are read whole', async (_, name, tags, least) => {
    await change(worker(1, name, tags));
    const [{ n }] = (await sql`select list_bytes as n from workers`.execute(controller.db.executor)).rows as [
      { n: number },
    ];
    await none();
    const most = Math.min(HIGHEST.workers, Math.floor(HIGHEST.worker_list_bytes / (n + 4)));
    expect(most).toBeGreaterThan(least);
    await change(worker(most, name, tags));
    expect(await listed('ListWorkers', { scope_id: 'global' })).toHaveLength(most);
    await none();
    await expect(change(worker(Math.ceil(HIGHEST.worker_list_bytes / n) + 1, name, tags))).rejects.toThrow(/limit/);
  });
});

test('keys and jobs: as many versions as there can be', async () => {
  const versions = HIGHEST.versions_per_key - 1;
  await change(sql`insert into kms_root_key_versions (id, root_key_id, version, wrapped_key, wrapping_key_id, created_time)
    select 'krkv_' || lpad(n::text, 10, '0'), k.id, n, '', 'x', now()
    from kms_root_keys k, generate_series(2, ${versions}::int + 1) n where k.scope_id = ${DEV.project}`);
  await change(sql`insert into kms_data_key_versions (id, data_key_id, root_key_version_id, version, wrapped_key, created_time)
    select 'kdkv_' || lpad((row_number() over ())::text, 10, '0'), d.id, v.id, n, '', now()
    from kms_data_keys d join kms_root_keys k on k.id = d.root_key_id
      join kms_root_key_versions v on v.root_key_id = k.id and v.version = 1,
      generate_series(2, ${versions}::int + 1) n
    where k.scope_id = ${DEV.project}`);
  const keys = await listed('ListKeys', { id: DEV.project });
  expect(keys.map((key) => key.versions.length)).toEqual(keys.map(() => versions + 1));

  // As many as there are versions that are no oplog key's; of versions that are gone, so that
  // nothing works on them.
  await change(sql`insert into kms_destruction_jobs (key_version_id, scope_id, created_time, total_count, completed_count, status)
    select 'kdkv_' || n, ${DEV.project}, now(), 2^40, 2^40, 'running'
    from generate_series(1000000000, 999999999 + 5 * ${versions}::int) n`);
  const jobs = await listed('ListKeyVersionDestructionJobs', { scope_id: DEV.project });
  expect(jobs).toHaveLength(5 * versions);
  expect(jobs[0].scope).toEqual({ id: DEV.project, type: 'project', parent_scope_id: DEV.org });
});
