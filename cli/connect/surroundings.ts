/**
 * What keeps a program at its session, whatever its own configuration and the environment say:
 * variables that are changed or taken away (undefined), and options. Preferences of the user stay.
 */

export type Variables = Readonly<Record<string, string | undefined>>;

/** For any program: no proxy stands between it and the session. */
export function withoutProxy(env: NodeJS.ProcessEnv, address: string): Variables {
  const exempt = (name: string): string => [env[name], address].filter(Boolean).join(',');
  return { NO_PROXY: exempt('NO_PROXY'), no_proxy: exempt('no_proxy') };
}

/**
 * curl: no file of its own, and no proxy for any name. The first one counts as the first word only.
 */
export const CURL_OPTIONS = ['-q', '--noproxy', '*'];

/**
 * psql: libpq takes an address from here before that of -h, and what a service says before that.
 */
export const PSQL_VARIABLES: Variables = {
  PGHOST: undefined,
  PGHOSTADDR: undefined,
  PGPORT: undefined,
  PGSERVICE: undefined,
  PGSERVICEFILE: undefined,
};

/** A password of the environment goes before that of a file. */
export const PSQL_LOGIN: Variables = { PGPASSWORD: undefined };

/** mysql: a file of the user may ask for a socket, which -h does not overrule. */
export const MYSQL_OPTIONS = ['--protocol=TCP'];

/**
 * mysql reads logins from a file of its own, whatever option file it is given; they go before a
 * password there.
 */
export const MYSQL_LOGIN: Variables = { MYSQL_PWD: undefined, MYSQL_TEST_LOGIN_FILE: '/dev/null' };

/** cqlsh takes places from here. */
export const CQLSH_VARIABLES: Variables = { CQLSH_HOST: undefined, CQLSH_PORT: undefined };

/** redis-cli takes a password from here when it is given none. */
export const REDIS_VARIABLES: Variables = { REDISCLI_AUTH: undefined };

/**
 * ssh: what is given first counts. A jump host gives way to any ProxyCommand, and a connection that
 * another ssh shares may lead to another target.
 */
export const sshOptions = (address: string): string[] =>
  ['ProxyCommand=none', `HostName=${address}`, 'ControlPath=none'].flatMap((text) => ['-o', text]);
