/**
 * Environment variables with secrets, and environments for other programs, which must not get them.
 */

const readByReference = new WeakMap<NodeJS.ProcessEnv, Set<string>>();

/** The value of `env://NAME`; undefined when the variable is not set. */
export function referencedVariable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const names = readByReference.get(env) ?? new Set();
  readByReference.set(env, names.add(name));
  return env[name];
}

/** Variables of ours that hold a secret, not the name or the place of one. */
const SECRET =
  /^(SALLYPORT|BOUNDARY)_(?!\w+_(NAME|TYPE)$)((\w+_)?(TOKEN|PASSWORD|RECOVERY_KEY|DATABASE_URL)|BROKERED_\w+)$/;

/**
 * The environment for a program that the user runs: without our secrets, and without variables that
 * `env://` was read from.
 */
export function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const hidden = readByReference.get(env);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRET.test(name) && hidden?.has(name) !== true));
}

/**
 * What programs need to run at all: where things are, language, time, and settings of the loader
 * and of Node.
 */
const NEEDED =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|(LD|DYLD|NODE|UV|SSL|OPENSSL|MALLOC)_\w+|(NO_)?FAKE\w*)$/;

/**
 * The environment for a process of the deployment. Everything else that the process needs is passed
 * to it.
 */
export const bareEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => NEEDED.test(name)));
