/** `database init` and `database migrate`. */
import { systemClock } from '../../lib/clock/clock';
import { resolveIndirect } from '../../lib/config/indirect';
import { createLogger, type Logger } from '../../lib/log/log';
import type { Db } from '../controller/db/db';
import { migrate, schemaState } from '../controller/db/migrate';
import { initialize } from '../controller/init/initialize';
import { isInitialized } from '../controller/init/init.store';
import { initPlan, type InitSkips } from '../controller/init/plan';
import { createKms, type RootKey } from '../controller/kms/kms';
import { sealInPlace } from '../controller/kms/seal-in-place';
import { loadConfig } from './config';
import { initJson, initText } from './database-output';
import { withLogFlags } from './log-settings';
import { withDb } from './preflight';
import { StartFailure } from './start-failure';
import type { Flags, Streams } from './streams';

interface Target {
  url: string;
  rootKey: { id: string; key: Buffer };
  log: Logger;
}

function readTarget(flags: Flags, streams: Streams): Target {
  const env = streams.env ?? process.env;
  const from = { files: flags.texts('config'), kmsFile: flags.text('config-kms') };
  const config = loadConfig(from, 'database', env);
  if (config.controller === undefined) {
    throw new StartFailure('the configuration has no "controller" block: name the file of a controller', 3);
  }
  const flag = flags.text('migration-url');
  return {
    url: flag === undefined ? (config.migrationUrl ?? config.controller.database.url) : resolveIndirect(flag, env),
    rootKey: config.controller.rootKey,
    log: createLogger('database', withLogFlags(flags, { ...config.log, level: 'warn' })),
  };
}

/** 0 also when it was done before. */
export async function runDatabaseInit(flags: Flags, streams: Streams): Promise<number> {
  const { url, rootKey, log } = readTarget(flags, streams);
  const json = flags.text('format') === 'json';
  const say = (text: string): void => void (json ? streams.stderr : streams.stdout).write(`${text}\n`);
  const state = await schemaState(url, log);
  if (state === 'ahead') throw new StartFailure('the database was migrated by a newer release: run that release');
  const before = state !== 'empty' && (await withDb(url, log, (db) => isInitialized(db.executor)));
  if (before) {
    say('The database is initialized already; nothing was changed. Use "sallyport database migrate" after an upgrade.');
    return 0;
  }
  await migrate(url, log);
  say('Migrations successfully run.');
  const skips = readSkips(flags);
  const plan = initPlan(skips);
  await withDb(url, log, (db) => initialize(db, createKms({ rootKey }), plan, systemClock.now()));
  say('Global-scope keys successfully created.');
  streams.stdout.write(json ? `${JSON.stringify(initJson(plan))}\n` : initText(plan, skips));
  return 0;
}

function readSkips(flags: Flags): InitSkips {
  return {
    skipInitialLoginRoleCreation: flags.on('skip-initial-login-role-creation'),
    skipInitialAuthenticatedUserRoleCreation: flags.on('skip-initial-authenticated-user-role-creation'),
    skipAuthMethodCreation: flags.on('skip-auth-method-creation'),
    skipScopesCreation: flags.on('skip-scopes-creation'),
    skipHostResourcesCreation: flags.on('skip-host-resources-creation'),
    skipTargetCreation: flags.on('skip-target-creation'),
  };
}

/** The part of a migration that SQL cannot do, because it needs the root key. */
async function upgradeSecrets(db: Db, rootKey: RootKey): Promise<void> {
  if (await isInitialized(db.executor)) await sealInPlace(db, createKms({ rootKey }), systemClock.now());
}

/** Exit code of `database migrate` on a database that was never initialized. */
const NOT_INITIALIZED = 255;

export async function runDatabaseMigrate(flags: Flags, streams: Streams): Promise<number> {
  const { url, rootKey, log } = readTarget(flags, streams);
  const state = await schemaState(url, log);
  if (state === 'empty') {
    streams.stderr.write('The database is not initialized: run "sallyport database init" with the same flags.\n');
    return NOT_INITIALIZED;
  }
  if (state === 'ahead') throw new StartFailure('the database was migrated by a newer release: run that release');
  const repairs = flags.texts('repair');
  const broken = repairs.find((text) => !/^[a-z-]+:\d+$/.test(text));
  if (broken !== undefined) throw new StartFailure('-repair takes an edition and a version, such as "oss:12"', 3);
  if (repairs.length > 0) {
    streams.stderr.write('No migration of this release needs a repair; -repair changes nothing.\n');
  }
  const { applied } = await migrate(url, log);
  await withDb(url, log, (db) => upgradeSecrets(db, rootKey));
  streams.stdout.write(
    applied.length === 0
      ? 'The database has every migration of this release.\n'
      : `Migrations successfully run: ${applied.join(', ')}.\n`,
  );
  return 0;
}
