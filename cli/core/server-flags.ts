/** Flags that the serving commands share. */
import type { Flag } from './command';

export const LOG_LEVEL: Flag = {
  name: 'log-level',
  type: 'string',
  env: 'LOG_LEVEL',
  description: 'Least level of log lines: "trace", "debug", "info", "warn", "error" or "fatal".',
};

export const CONFIG: Flag = {
  name: 'config',
  type: 'string',
  description: 'Configuration file, JSON.',
};

export const MIGRATION_URL: Flag = {
  name: 'migration-url',
  type: 'string',
  description:
    'URL of the database for this command, instead of that of the configuration: env://NAME, file://PATH or the URL.',
};
