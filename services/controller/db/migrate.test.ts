import { createLogger } from '../../../lib/log/log';
import { createEmptyDatabase, createTestDatabase } from '../../../test/harness/postgres';
import { openDb, sql } from './db';
import { migrate, schemaState } from './migrate';

const log = createLogger('test', { level: 'silent' });

async function execute(url: string, statement: string): Promise<void> {
  const db = openDb({ url, log, maxConnections: 1 });
  await sql.raw(statement).execute(db.executor);
  await db.close();
}

test('an empty database becomes current, once', async () => {
  const { url, drop } = await createEmptyDatabase();
  expect(await schemaState(url, log)).toBe('empty');
  const first = await migrate(url, log);
  expect(first.applied.length).toBeGreaterThan(0);
  expect(first.applied).toEqual([...first.applied].sort());
  expect(await schemaState(url, log)).toBe('current');
  expect(await migrate(url, log)).toEqual({ applied: [] });
  await drop();
});

test('a database of another program stays as it is', async () => {
  const { url, drop } = await createEmptyDatabase();
  await execute(url, 'create table iam_scope (public_id text primary key)');
  await expect(migrate(url, log)).rejects.toThrow('tables of another program, such as "iam_scope"');
  expect(await schemaState(url, log)).toBe('empty');
  await drop();
});

test('two migrators at once apply each migration once', async () => {
  const { url, drop } = await createEmptyDatabase();
  const [a, b] = await Promise.all([migrate(url, log), migrate(url, log)]);
  expect(Math.min(a.applied.length, b.applied.length)).toBe(0);
  expect(Math.max(a.applied.length, b.applied.length)).toBeGreaterThan(0);
  await drop();
});

test('a database that misses a migration is behind, one with a migration of a later release ahead', async () => {
  const { url, drop } = await createTestDatabase();
  await execute(url, "insert into schema_migrations values ('9999_later', '2030-01-01')");
  expect(await schemaState(url, log)).toBe('ahead');
  await expect(migrate(url, log)).rejects.toThrow('9999_later');
  await execute(url, "delete from schema_migrations where name = '9999_later'");
  await execute(url, 'delete from schema_migrations where name = (select max(name) from schema_migrations)');
  expect(['behind', 'empty']).toContain(await schemaState(url, log));
  await drop();
});
