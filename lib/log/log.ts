/** Structured logs, one JSON object a line, secrets left out by key wherever they stand. */
import pino, { type Logger } from 'pino';

export type { Logger };

const SECRET_KEYS = [
  'password',
  'current_password',
  'new_password',
  'token',
  'authorization_token',
  'activation_token',
  'controller_generated_activation_token',
  'private_key',
  'tofu_token',
  'authorization',
  'cookie',
];

export interface LogOptions {
  /** "trace" to "fatal", or "silent". */
  level: string;
  /** File descriptor; 2 (standard error) when absent. */
  fd?: number;
}

export function createLogger(name: string, options: LogOptions): Logger {
  return pino(
    {
      name,
      level: options.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[REDACTED]' },
    },
    pino.destination({ fd: options.fd ?? 2, sync: true }),
  );
}
