import { createLogger } from '../../../lib/log/log';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres';
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
  expect(runs).toBe(3);
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
