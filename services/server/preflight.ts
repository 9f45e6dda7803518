/**
 * Checks that the database is ready for this release. Every other state is a failure that names its
 * remedy.
 */
import type { Logger } from '../../lib/log/log';
import { openDb, type Db } from '../controller/db/db';
import { schemaState } from '../controller/db/migrate';
import { isInitialized } from '../controller/init/init.store';
import { StartFailure } from './start-failure';

export async function requireReadyDatabase(url: string, log: Logger, configFile: string): Promise<void> {
  const state = await schemaState(url, log);
  if (state === 'empty') throw notInitialized(configFile);
  if (state === 'behind') {
    throw new StartFailure(
      `the database lacks migrations of this release: run "sallyport database migrate -config ${configFile}"`,
    );
  }
  if (state === 'ahead') {
    throw new StartFailure('the database was migrated by a newer release: run that release, or a newer one');
  }
  if (!(await withDb(url, log, (db) => isInitialized(db.executor)))) throw notInitialized(configFile);
}

const notInitialized = (configFile: string): StartFailure =>
  new StartFailure(`the database is not initialized: run "sallyport database init -config ${configFile}"`);

/** Opens a small pool for one piece of work. */
export async function withDb<T>(url: string, log: Logger, work: (db: Db) => Promise<T>): Promise<T> {
  const db = openDb({ url, log, maxConnections: 2 });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
