/** Once per jest run: a PostgreSQL server of its own and a template database with every migration applied. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../lib/log/log';
import { startEmbeddedPostgres } from '../../services/dev/embedded-postgres';
import { openDb, sql } from '../../services/controller/db/db';
import { migrate } from '../../services/controller/db/migrate';
import { TEMPLATE_DATABASE, type HarnessState } from './state';

const PREFIX = 'sallyport-test-';

export default async function setup(): Promise<void> {
  removeLeftovers();
  const dir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // Under root PostgreSQL runs as another user, which must get through.
  chmodSync(dir, 0o711);
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

/** A run that was killed leaves its directory (PostgreSQL itself ends with its parent). */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^sallyport-test-(\d+)-/.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
