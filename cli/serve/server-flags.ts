/** Flags that the serving commands share. */
import type { Flag, FlagGroup } from '../core/command';
import { CONNECTION } from '../core/flags';

export const LOG_LEVEL = {
  name: 'log-level',
  type: 'string',
  env: 'LOG_LEVEL',
  description: 'Least level of log lines: "trace", "debug", "info", "warn", "error" or "fatal".',
} as const satisfies Flag;

export const LOG_FORMAT = {
  name: 'log-format',
  type: 'string',
  env: 'LOG_FORMAT',
  description: 'Format of log lines: "json" or "standard".',
} as const satisfies Flag;

export const CONFIG = {
  name: 'config',
  type: 'list',
  hint: 'string',
  single: true,
  description: 'Configuration file, JSON.',
} as const satisfies Flag;

export const CONFIG_KMS = {
  name: 'config-kms',
  type: 'string',
  description:
    'File with the "kms" block of purpose "config" that decrypts the values of -config; the file of -config when absent.',
} as const satisfies Flag;

export const MIGRATION_URL = {
  name: 'migration-url',
  type: 'string',
  description:
    'URL of the database for this command, instead of that of the configuration: env://NAME, file://PATH or the URL.',
} as const satisfies Flag;

/** Connection flags of commands that connect to no controller. */
export const UNUSED_CONNECTION = {
  title: CONNECTION.title,
  flags: CONNECTION.flags.map(({ name, type, description }) => ({
    name,
    type,
    description,
    noEffect: 'this command calls no controller.',
  })),
} as const satisfies FlagGroup;

const worker = (name: string, type: 'string' | 'duration'): Flag => ({
  name,
  type,
  hidden: true,
  description: 'For tests of the original.',
  noEffect: 'the workers of this release have no such setting.',
});

/** Hidden flags of `server` and `dev`. */
export const INTERNALS = [
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
] as const satisfies readonly Flag[];
