/**
 * Once per jest run: a PostgreSQL server of its own and a template database with every migration
 * applied.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageFile } from '../../lib/config/package-root';
import { createLogger } from '../../lib/log/log';
import { openDb, sql } from '../../services/controller/db/db';
import { migrate } from '../../services/controller/db/migrate';
import { startEmbeddedPostgres } from '../../services/dev/embedded-postgres';
import { temporaryDirectory } from '../../services/dev/temporary';
import { TEMPLATE_DATABASE, type HarnessState } from './state';

export default async function setup(): Promise<void> {
  // Builds dist/ when it is stale, once and before tests start many commands at the same time.
  spawnSync(packageFile('bin', 'sallyport'), ['version'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const dir = temporaryDirectory('sallyport-test');
  const socketDir = join(dir, 's');
  const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'pg'), socketDir, port: 0, durable: false });
  process.env['SALLYPORT_TEST_SOCKET_DIR'] = socketDir;
  (globalThis as HarnessState).sallyportTestServer = { postgres, dir };
  const url = `postgres://postgres@127.0.0.1:${postgres.port}`;
  process.env['SALLYPORT_TEST_SERVER'] = url;
  const log = createLogger('test', { level: 'silent' });
  const admin = openDb({ url: `${url}/postgres`, log, maxConnections: 1 });
  await sql.raw(`create database ${TEMPLATE_DATABASE}`).execute(admin.executor);
  await admin.close();
  try {
    await migrate(`${url}/${TEMPLATE_DATABASE}`, log);
  } catch (error) {
    // Tests without a database still run; the others fail with this text.
    process.env['SALLYPORT_TEST_MIGRATION_ERROR'] = String(error);
  }
}
