/** Flags of all forms of `connect`. */
import type { Args, Context, Flag, FlagGroup, FlagsIn } from '../core/command';
import { CLIENT, CONNECTION, OUTPUT } from '../core/flags';

const USERNAME = {
  name: 'username',
  type: 'string',
  env: 'CONNECT_USERNAME',
  description: 'User name to pass to the program. Chooses among the credentials that the session brings.',
} as const satisfies Flag;

const COMMON = [
  {
    name: 'target-id',
    type: 'string',
    description: 'Id of the target. Excludes -authz-token and the flags for the name and scope of the target.',
  },
  {
    name: 'target-name',
    type: 'string',
    description: 'Name of the target; needs -target-scope-id or -target-scope-name.',
  },
  {
    name: 'target-scope-id',
    type: 'string',
    env: 'CONNECT_TARGET_SCOPE_ID',
    description: 'Id of the scope of the named target.',
  },
  {
    name: 'target-scope-name',
    type: 'string',
    env: 'CONNECT_TARGET_SCOPE_NAME',
    description: 'Name of the scope of the named target.',
  },
  {
    name: 'host-id',
    type: 'string',
    description: 'Host of the target to connect to; chosen by the controller when absent.',
  },
  {
    name: 'authz-token',
    type: 'string',
    env: 'CONNECT_AUTHZ_TOKEN',
    description:
      'Authorization token of a session, or the JSON answer that holds it, from "targets authorize-session". "-" reads ' +
      'it from standard input.',
  },
  {
    name: 'exec',
    type: 'string',
    env: 'CONNECT_EXEC',
    description:
      'Program to run; the session ends with it. Words behind -- are its arguments, in which {{boundary.port}}, ' +
      '{{boundary.ip}} and {{boundary.addr}} are replaced. Without a helper it finds the credential of the session in ' +
      'SALLYPORT_BROKERED_USERNAME, _PASSWORD, _DOMAIN, _PRIVATE_KEY, _PRIVATE_KEY_PASSPHRASE and, as JSON, _SECRET; ' +
      'words may name {{boundary.username}}, {{boundary.domain}} and files, such as {{boundary.password_file}}.',
  },
  USERNAME,
  {
    name: 'pass-token',
    type: 'bool',
    env: 'CONNECT_PASS_TOKEN',
    description:
      'Leave SALLYPORT_TOKEN, BOUNDARY_TOKEN and other variables with tokens in the environment of the program.',
  },
  {
    name: 'inactive-timeout',
    type: 'duration',
    default: '0',
    description: 'End when no connection was open for so long, counted from the first one. Never when 0 or negative.',
  },
  {
    name: 'listen-addr',
    type: 'string',
    default: '127.0.0.1',
    env: 'CONNECT_LISTEN_ADDR',
    description: 'IP address to listen on.',
  },
  {
    name: 'listen-port',
    type: 'int',
    default: '0',
    env: 'CONNECT_LISTEN_PORT',
    description: 'Port to listen on. When 0, the one that the target suggests, else any free one.',
  },
  {
    name: 'allow-other-users',
    type: 'bool',
    env: 'CONNECT_ALLOW_OTHER_USERS',
    description:
      'Take connections of other users of this machine too. Without it they are refused where the system tells whose a ' +
      'connection is (Linux).',
  },
] as const satisfies readonly Flag[];

const GROUPS = [CONNECTION, CLIENT, OUTPUT, { title: 'Connect Options', flags: COMMON }] as const;

type ConnectFlag = FlagsIn<typeof GROUPS>;

/** The values that a form of `connect` gets, with flags of its own. */
export type ConnectContext<F extends Flag = never> = Context<Args<ConnectFlag> & Args<F>>;

export const connectFlags = <const F extends readonly Flag[]>(
  title: string,
  flags: F,
): readonly FlagGroup<ConnectFlag | F[number]>[] => [...GROUPS, { title, flags }];

export const DBNAME = {
  name: 'dbname',
  type: 'string',
  env: 'CONNECT_DBNAME',
  description: 'Database name to pass to the program.',
} as const satisfies Flag;

/** Which program a helper runs, and in which form. */
export const styleFlag = (helper: string, style: string, others: readonly string[] = []) =>
  ({
    name: 'style',
    type: 'string',
    default: style,
    env: `CONNECT_${helper.toUpperCase()}_STYLE`,
    description:
      others.length === 0
        ? 'Form of the arguments to pass to the program.'
        : `Program to run, in its form: ${[style, ...others].map((name) => JSON.stringify(name)).join(', ')}.`,
  }) as const satisfies Flag;
