/**
 * Databases for tests: clones of the migrated template, about 20 ms each, on the server of this
 * jest run.
 */
import { randomBytes } from 'node:crypto';
import { createLogger } from '../../lib/log/log';
import { openDb, sql } from '../../services/controller/db/db';
import { TEMPLATE_DATABASE } from './state';

export interface TestDatabase {
  /** postgres:// URL over TCP; the user is a superuser without a password. */
  url: string;
  /** Cuts what is still connected and removes the database. */
  drop(): Promise<void>;
}

/** A database with every migration applied. */
export function createTestDatabase(): Promise<TestDatabase> {
  const failure = process.env['SALLYPORT_TEST_MIGRATION_ERROR'];
  if (failure !== undefined) return Promise.reject(new Error(`the test template could not be made: ${failure}`));
  return createDatabase(TEMPLATE_DATABASE);
}

/** A database without any table. */
export const createEmptyDatabase = (): Promise<TestDatabase> => createDatabase('template0');

async function createDatabase(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onServer(`create database ${name} template ${template} strategy file_copy`);
  return {
    url: `${serverUrl()}/${name}`,
    drop: () => onServer(`drop database if exists ${name} with (force)`),
  };
}

function serverUrl(): string {
  const url = process.env['SALLYPORT_TEST_SERVER'];
  if (url === undefined) throw new Error('no test server: run the tests with jest, whose global setup starts it');
  return url;
}

async function onServer(statement: string): Promise<void> {
  const db = openDb({
    url: `${serverUrl()}/postgres`,
    log: createLogger('test', { level: 'silent' }),
    maxConnections: 1,
  });
  try {
    await sql.raw(statement).execute(db.executor);
  } finally {
    await db.close();
  }
}

/** The same database over the server's unix socket, for processes in other network namespaces. */
export function onUnixSocket(url: string): string {
  const directory = process.env['SALLYPORT_TEST_SOCKET_DIR'];
  if (directory === undefined) throw new Error('no test server: run the tests with jest, whose global setup starts it');
  const tcp = new URL(url);
  return `postgres://postgres@${encodeURIComponent(directory)}:${tcp.port}${tcp.pathname}`;
}
