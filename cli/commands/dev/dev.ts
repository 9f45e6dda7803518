import { MAX_PORT } from '../../../lib/contract/numbers';
import { defineCommand, type Flag, type FlagGroup } from '../../core/command';
import { runServerCommand } from '../../serve/server-door';
import { CONFIG, INTERNALS, LOG_FORMAT, LOG_LEVEL, UNUSED_CONNECTION } from '../../serve/server-flags';
import { DEV_EVENTS, DEV_KEYS, DEV_WITHOUT_EFFECT } from '../../serve/dev-flags';

/**
 * Environment variables of these flags start with `DEV_`. Defaults appear only in the help: the
 * server part takes values that are given nowhere from the file of -config first.
 */
const text = (name: string, env: string, description: string, fallback?: string): Flag => ({
  name,
  type: 'string',
  env: `DEV_${env}`,
  description: fallback === undefined ? description : `${description} The default is ${fallback}.`,
});

const ADDRESSES: FlagGroup = {
  title: 'Address Options',
  flags: [
    text('api-listen-address', 'CONTROLLER_API_LISTEN_ADDRESS', 'Where clients find the controller.', '127.0.0.1:9200'),
    {
      name: 'api-allowed-host',
      type: 'list',
      description:
        'Name that clients may call the controller by, beside loopback names and the one of -api-listen-address; "*" for ' +
        'any. Others are refused, so that no web page can reach it under a name of its own.',
    },
    text(
      'cluster-listen-address',
      'CONTROLLER_CLUSTER_LISTEN_ADDRESS',
      'Where workers find the controller.',
      '127.0.0.1:9201',
    ),
    text('proxy-listen-address', 'WORKER_PROXY_LISTEN_ADDRESS', 'Where clients find the worker.', '127.0.0.1:9202'),
    text('ops-listen-address', 'OPS_LISTEN_ADDRESS', 'Health and metrics of the controller.', '127.0.0.1:9203'),
    text(
      'worker-ops-listen-address',
      'WORKER_OPS_LISTEN_ADDRESS',
      'Health and metrics of the worker.',
      '127.0.0.1:9204',
    ),
    {
      name: 'ops-allowed-host',
      type: 'list',
      description: 'The same as -api-allowed-host for both ports of health and metrics.',
    },
    text(
      'controller-public-cluster-address',
      'CONTROLLER_PUBLIC_CLUSTER_ADDRESS',
      'Cluster address as workers reach it, when it is another one.',
    ),
    text(
      'worker-public-address',
      'WORKER_PUBLIC_ADDRESS',
      'Proxy address as clients reach it, when it is another one.',
    ),
  ],
};

const DATABASE: FlagGroup = {
  title: 'Database Options',
  flags: [
    text(
      'data-dir',
      'DATA_DIR',
      'Directory for the embedded PostgreSQL, kept when the command ends. A temporary one when absent.',
    ),
    text(
      'database-url',
      'DATABASE_URL',
      'PostgreSQL to use instead of the embedded one: env://NAME, file://PATH or the URL.',
    ),
  ],
};

const CONTENT: FlagGroup = {
  title: 'Content Options',
  flags: [
    text('id-suffix', 'ID_SUFFIX', 'Last ten characters of the generated ids.', '1234567890'),
    text('secondary-id-suffix', 'SECONDARY_ID_SUFFIX', 'The same where a second one is needed.', '0987654321'),
    text('login-name', 'LOGIN_NAME', 'Login name of the administrator; generated when empty.', 'admin'),
    text('password', 'PASSWORD', 'Password of the administrator; generated when empty.', 'password'),
    text(
      'unprivileged-login-name',
      'UNPRIVILEGED_LOGIN_NAME',
      'Login name of the other user; generated when empty.',
      'user',
    ),
    text(
      'unprivileged-password',
      'UNPRIVILEGED_PASSWORD',
      'Password of the other user; generated when empty.',
      'password',
    ),
    text('host-address', 'HOST_ADDRESS', 'Address of the generated host, without a port.', 'localhost'),
    {
      name: 'target-default-port',
      type: 'uint',
      default: '22',
      env: 'DEV_TARGET_DEFAULT_PORT',
      max: MAX_PORT,
      description: 'Port of the generated targets.',
    },
    {
      name: 'target-session-max-seconds',
      type: 'int',
      default: '0',
      env: 'DEV_TARGET_SESSION_MAX_SECONDS',
      description: 'Longest life of their sessions; that of any target when 0.',
    },
    {
      name: 'target-session-connection-limit',
      type: 'int',
      default: '-1',
      env: 'DEV_TARGET_SESSION_CONNECTION_LIMIT',
      description: 'Connections that each of their sessions may make; -1 for no limit.',
    },
    { name: 'skip-oidc-auth-method-creation', type: 'bool', description: 'Do not create the OIDC auth method.' },
    { name: 'skip-ldap-auth-method-creation', type: 'bool', description: 'Do not create the LDAP auth method.' },
    { name: 'skip-alias-target-creation', type: 'bool', description: 'Do not create the targets with aliases.' },
    { name: 'skip-demo-database', type: 'bool', description: 'Do not create the demo database and its target.' },
    text('demo-database-name', 'DEMO_DATABASE_NAME', 'Name of the demo database.', 'demo'),
    text('demo-username', 'DEMO_USERNAME', 'Database user that may use the demo database and nothing else.', 'demo'),
    text('demo-password', 'DEMO_PASSWORD', 'Password of that user; generated when empty.'),
  ],
};

export const command = defineCommand({
  synopsis: 'Start everything on this machine, for a first look or for development',
  description:
    'Starts a PostgreSQL, a controller and a worker with users, scopes and targets to play with, and prints their ids. ' +
    'Ctrl-C stops all of it. Not for production: the passwords are well known.',
  examples: ['dev', 'dev -data-dir /var/tmp/sallyport -api-listen-address 0.0.0.0:9200'],
  flags: [
    UNUSED_CONNECTION,
    ADDRESSES,
    DATABASE,
    CONTENT,
    DEV_KEYS,
    DEV_EVENTS,
    {
      title: 'Command Options',
      flags: [
        {
          ...CONFIG,
          description: 'Configuration file, JSON; the addresses of its listeners and its log level count. Flags win.',
        },
        { name: 'controller-only', type: 'bool', description: 'Start no worker.' },
        LOG_LEVEL,
        LOG_FORMAT,
        ...DEV_WITHOUT_EFFECT,
        ...INTERNALS,
      ],
    },
  ],
  run: (context) => runServerCommand('dev', context),
});
