import { ApiError } from '../../../lib/errors/errors';
import { createLogger } from '../../../lib/log/log';
import { createEmptyDatabase, type TestDatabase } from '../../../test/harness/postgres';
import { openDb, sql, type Db } from '../db/db';
import { toApiError } from './error-mapping';

const log = createLogger('test', { level: 'silent' });
let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await createEmptyDatabase();
  db = openDb({ url: database.url, log });
  await sql`create table parents (id text primary key)`.execute(db.executor);
  await sql`
    create table things (
      id text primary key constraint ids_are_short check (length(id) < 10),
      parent_id text references parents (id),
      size smallint,
      code varchar(3)
    )`.execute(db.executor);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const failing = async (work: Promise<unknown>): Promise<ApiError> =>
  work.then(
    () => Promise.reject(new Error('succeeded')),
    (error: unknown) => toApiError(error),
  );

const insert = (id: string, more: { parent?: string; size?: number; code?: string } = {}): Promise<unknown> =>
  sql`insert into things values (${id}, ${more.parent ?? null}, ${more.size ?? null}, ${more.code ?? null})`.execute(
    db.executor,
  );

test('a second resource with a unique value is the text that clients know', async () => {
  await insert('a');
  expect((await failing(insert('a'))).body()).toEqual({
    kind: 'InvalidArgument',
    message:
      'Invalid request.  Request attempted to make second resource with the same field value that must be unique.',
  });
});

test('a rule of the schema is named', async () => {
  expect((await failing(insert('0123456789'))).body()).toEqual({
    kind: 'InvalidArgument',
    message: 'Invalid request.  The change would break the rule "ids_are_short".',
  });
});

test.each([
  ['a parent that is gone', { parent: 'nope' }],
  ['a number out of range', { size: 100_000 }],
  ['a text that is too long', { code: 'long' }],
  ['a NUL character', { parent: 'a\u0000b' }],
])("%s is the caller's mistake", async (_, more) => {
  expect((await failing(insert('b', more))).kind).toBe('InvalidArgument');
});

test('collisions, lost and refused connections are worth another try', async () => {
  const raise = (code: string): Promise<unknown> =>
    sql.raw(`do $$ begin raise exception 'x' using errcode = '${code}'; end $$`).execute(db.executor);
  for (const code of ['40001', '40P01', '57P01', '53300', '08006']) {
    expect((await failing(raise(code))).kind).toBe('Unavailable');
  }
  const unreachable = openDb({ url: 'postgres://127.0.0.1:1/none', log });
  expect((await failing(sql`select 1`.execute(unreachable.executor))).kind).toBe('Unavailable');
  await unreachable.close();
});

test('everything else is internal and keeps its text to itself', async () => {
  const bug = await failing(sql`select nonsense`.execute(db.executor));
  expect(bug.body()).toEqual({ kind: 'Internal', message: 'Internal error.' });
  expect(bug.cause).toBeDefined();
  expect(toApiError(new TypeError('secret')).message).toBe('Internal error.');
  expect(toApiError('text').kind).toBe('Internal');
});
