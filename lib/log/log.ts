/** Structured logs, one JSON object a line, secrets left out by key wherever they stand. */
import pino, { type Logger } from 'pino';
import { limit } from '../limits/limit';
import { lineWriter, type LineFilters, type LogFormat } from './lines';

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
  /** "json" when absent. */
  format?: LogFormat | undefined;
  events?: EventOptions | undefined;
  /** File descriptor; 2 (standard error) when absent. */
  fd?: number;
}

/** Which kinds of events are written. */
export interface EventOptions extends LineFilters {
  /** Decisions of the authorization point. On when absent, whatever the level. */
  audit?: boolean | undefined;
  /** A line per request. At level "debug" when absent, whatever the level when on. */
  observations?: boolean | undefined;
  /** All other lines except errors. On when absent. */
  system?: boolean | undefined;
}

const NO_FILTERS: EventOptions = { allow: [], deny: [] };
const eventsOf = new WeakMap<Logger, EventOptions>();

/** Level of a child logger for events of a kind. */
export function eventLevel(log: Logger, kind: 'audit' | 'observation'): string {
  const { audit = true, observations } = eventsOf.get(log) ?? NO_FILTERS;
  if (kind === 'audit') return audit ? 'info' : 'silent';
  return observations === undefined ? log.level : observations ? 'debug' : 'silent';
}

/** Sets another least level from now on. Events of a kind keep theirs. */
export function setLevel(log: Logger, level: string): void {
  log.level = levelOf(level, eventsOf.get(log));
}

/** Without system events only errors are left. */
const levelOf = (level: string, events: Partial<EventOptions> | undefined): string =>
  events?.system === false && !['silent', 'fatal'].includes(level) ? 'error' : level;

export function createLogger(name: string, options: LogOptions): Logger {
  const { format = 'json', events, fd = 2 } = options;
  const log = pino(
    {
      name,
      level: levelOf(options.level, events),
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[REDACTED]' },
    },
    destination(fd, lineWriter(format, events ?? NO_FILTERS)),
  );
  if (events !== undefined) eventsOf.set(log, events);
  return log;
}

const MAX_UNWRITTEN = limit('unwritten log', 1024 * 1024, {
  what: 'log lines that wait while the log takes none, such as on a full disk',
  unit: 'characters',
  reached: 'later lines are lost; the process goes on',
  test: 'lib/log/log.test.ts: a log that takes nothing more ends nothing',
});

function destination(fd: number, write: (json: string) => string): pino.DestinationStream {
  const out = pino.destination({ fd, sync: true, maxLength: MAX_UNWRITTEN });
  // A log that is full, or that nobody reads, must not end the process: what is lost are lines.
  out.on('error', () => undefined);
  return {
    write(json) {
      const text = write(json);
      if (text !== '') out.write(text);
    },
  };
}
