import { createLogger } from '../../../lib/log/log';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres';
import { waitFor } from '../../../test/harness/wait';
import { databaseError, openDb, rows, sql, transaction, type Db } from './db';

const NOW = new Date('2030-01-02T03:04:05Z');
let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: createLogger('test', { level: 'silent' }), maxConnections: 4 });
  await sql.raw('create table pair (id int primary key, n int not null)').execute(db.executor);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await sql`delete from pair`.execute(db.executor);
  await sql`insert into pair values (1, 0), (2, 0)`.execute(db.executor);
});

/** Resolves each caller when as many have come. */
function meeting(count: number): () => Promise<void> {
  let arrive: () => void;
  const all = new Promise<void>((resolve) => (arrive = resolve));
  return () => {
    if (--count === 0) arrive();
    return all;
  };
}

test('of two transactions that wait for each other, both succeed', async () => {
  const bothHoldOne = meeting(2);
  let runs = 0;
  const cross = (first: number, second: number): Promise<void> =>
    transaction(db, NOW, async (tx) => {
      runs++;
      await sql`update pair set n = n + 1 where id = ${first}`.execute(tx);
      await bothHoldOne();
      await sql`update pair set n = n + 1 where id = ${second}`.execute(tx);
    });
  await Promise.all([cross(1, 2), cross(2, 1)]);
  // Whoever was thrown out runs again; it may meet the other once more before that has its second
  // row.
  expect(runs).toBeGreaterThanOrEqual(3);
  expect(await rows(db.executor, sql`select id, n from pair order by id`)).toEqual([
    { id: 1, n: 2 },
    { id: 2, n: 2 },
  ]);
});

test('a transaction that always loses gives up, others are not tried again', async () => {
  let runs = 0;
  const failing = (code: string) =>
    transaction(db, NOW, async (tx) => {
      runs++;
      await sql.raw(`do $$ begin raise exception 'no' using errcode = '${code}'; end $$`).execute(tx);
    }).catch((error: unknown) => databaseError(error)?.code);
  expect(await failing('40P01')).toBe('40P01');
  expect(runs).toBe(5);
  expect(await failing('23514')).toBe('23514');
  expect(runs).toBe(6);
});

test('statements of the API leave connections to workers, and those of workers to the API', async () => {
  const { executor, forWorkers } = db;
  const held = (): Promise<bigint> =>
    rows<{ n: bigint }>(
      forWorkers!.executor,
      sql`select count(*) as n from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`,
    ).then(([found]) => found!.n);
  await using blocker = await blocked();
  const flood = Array.from({ length: 10 }, () => sql`select pg_advisory_lock_shared(1)`.execute(executor));
  await waitFor('the flood to take its part', async () => (await held()) === 3n);
  // All but the last connection wait, and more statements for one of those; this one is served
  // before them.
  expect(await rows(forWorkers!.executor, sql`select 1 as one`)).toEqual([{ one: 1 }]);
  await blocker.release();
  await Promise.all(flood);
});

/** Holds the lock that others wait for. */
async function blocked() {
  const client = await db.connect('blocker');
  await client.query('select pg_advisory_lock(1)');
  const release = () => client.query('select pg_advisory_unlock(1)');
  return { release, [Symbol.asyncDispose]: () => client.end() };
}
