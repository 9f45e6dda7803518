/** Flags that the serving commands share. */
import type { Flag, FlagGroup } from './command';
import { CONNECTION } from './flags';

export const LOG_LEVEL: Flag = {
  name: 'log-level',
  type: 'string',
  env: 'LOG_LEVEL',
  description: 'Least level of log lines: "trace", "debug", "info", "warn", "error" or "fatal".',
};

export const LOG_FORMAT: Flag = {
  name: 'log-format',
  type: 'string',
  env: 'LOG_FORMAT',
  description: 'Format of log lines: "json" or "standard".',
};

export const CONFIG: Flag = {
  name: 'config',
  type: 'list',
  hint: 'string',
  description: 'Configuration file, JSON.',
};

export const CONFIG_KMS: Flag = {
  name: 'config-kms',
  type: 'string',
  description:
    'File with the "kms" block of purpose "config" that decrypts the values of -config; the file of -config when absent.',
};

export const MIGRATION_URL: Flag = {
  name: 'migration-url',
  type: 'string',
  description:
    'URL of the database for this command, instead of that of the configuration: env://NAME, file://PATH or the URL.',
};

/** Connection flags of commands that connect to no controller. */
export const UNUSED_CONNECTION: FlagGroup = {
  title: CONNECTION.title,
  flags: CONNECTION.flags.map(({ name, type, description }) => ({
    name,
    type,
    description,
    noEffect: 'this command calls no controller.',
  })),
};

const worker = (name: string, type: 'string' | 'duration'): Flag => ({
  name,
  type,
  hidden: true,
  description: 'For tests of the original.',
  noEffect: 'the workers of this release have no such setting.',
});

/** Hidden flags of `server` and `dev`. */
export const INTERNALS: Flag[] = [
  {
    name: 'debug',
    type: 'bool',
    hidden: true,
    description: 'More output.',
    noEffect: 'use -log-level debug.',
  },
  {
    name: 'skip-plugins',
    type: 'bool',
    hidden: true,
    description: 'Start no plugins.',
    noEffect: 'there are none to start.',
  },
  worker('worker-dns-server', 'string'),
  worker('worker-auth-worker-rotation-interval', 'duration'),
  worker('worker-auth-ca-certificate-lifetime', 'duration'),
];
