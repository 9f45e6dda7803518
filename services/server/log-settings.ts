/**
 * The log settings of a process. Flags take precedence over the file, and the file over the
 * defaults.
 */
import { compileFilter, FilterSyntaxError } from '../../lib/filter/filter';
import type { Fields } from '../../lib/config/fields';
import { LOG_FORMATS, type LogFormat } from '../../lib/log/lines';
import type { EventOptions } from '../../lib/log/log';
import { StartFailure } from './start-failure';
import type { Flags } from './streams';

/** Plain data: it is passed to worker processes as it is. */
export interface LogSettings {
  level: string;
  format: LogFormat;
  events: EventOptions;
}

/** Boundary's names beside those of the log library. */
const LEVEL_NAMES: Record<string, string> = { err: 'error' };
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent', 'err'] as const;
/** Likewise of the formats. */
const FORMAT_NAMES: Record<string, LogFormat> = { 'hclog-json': 'json', 'hclog-text': 'standard' };
const FORMATS = [...LOG_FORMATS, 'hclog-json', 'hclog-text'] as const;

const levelOf = (word: string): string => LEVEL_NAMES[word] ?? word;
const formatOf = (word: string): LogFormat => FORMAT_NAMES[word] ?? (word as LogFormat);

/** `log_level`, `log_format` and `events` of a file. */
export function readLog(top: Fields, ignored: string[]): LogSettings {
  const level = levelOf(top.word('log_level', LOG_LEVELS) ?? 'info');
  const format = top.word('log_format', FORMATS);
  const events = top.block('events');
  const sinks = events?.blocks('sink') ?? [];
  const settings: LogSettings = {
    level,
    format: formatOf(format ?? 'json'),
    events: {
      audit: events?.flag('audit_enabled'),
      observations: events?.flag('observations_enabled'),
      system: events?.flag('sysevents_enabled'),
      allow: [],
      deny: [],
    },
  };
  const [sink] = sinks;
  if (sink !== undefined) readSink(sink, settings, format !== undefined);
  for (const more of sinks.slice(1)) more.problem('', 'one sink only: the log is what this process writes to stderr');
  ignored.push(...(events?.ignore('telemetry_enabled') ?? []));
  events?.end();
  return settings;
}

function readSink(sink: Fields, settings: LogSettings, hasFormat: boolean): void {
  sink.word('type', ['stderr']);
  sink.ignore('name', 'description');
  const format = sink.word('format', FORMATS);
  if (format !== undefined && !hasFormat) settings.format = formatOf(format);
  const filters = (key: string): string[] => {
    const texts = sink.texts(key) ?? [];
    if (!texts.every(isFilter)) sink.problem(key, FILTERS_EXPECTED);
    return texts;
  };
  settings.events = { ...settings.events, allow: filters('allow_filters'), deny: filters('deny_filters') };
  sink.end();
}

const FILTERS_EXPECTED = 'filter expressions over /type and /data, such as "/type" == "audit"';

function isFilter(text: string): boolean {
  try {
    compileFilter(text);
    return true;
  } catch (error) {
    if (error instanceof FilterSyntaxError) return false;
    throw error;
  }
}

/** What `-log-level`, `-log-format` and the `-event…` flags change. Throws {@link StartFailure}. */
export function withLogFlags(flags: Flags, settings: LogSettings): LogSettings {
  const level = wordOf(flags, 'log-level', LOG_LEVELS);
  const format = wordOf(flags, 'event-format', FORMATS) ?? wordOf(flags, 'log-format', FORMATS);
  const { events } = settings;
  return {
    level: level === undefined ? settings.level : levelOf(level),
    format: format === undefined ? settings.format : formatOf(format),
    events: {
      audit: onOff(flags, 'audit-events') ?? events.audit,
      observations: onOff(flags, 'observation-events') ?? events.observations,
      system: onOff(flags, 'system-events') ?? events.system,
      allow: filtersOf(flags, 'event-allow-filter', events.allow),
      deny: filtersOf(flags, 'event-deny-filter', events.deny),
    },
  };
}

function wordOf<T extends string>(flags: Flags, name: string, words: readonly T[]): T | undefined {
  const text = flags.text(name)?.toLowerCase();
  if (text === undefined) return undefined;
  const word = words.find((one) => one === text);
  if (word === undefined) throw new StartFailure(`-${name} must be one of ${words.join(', ')}`, 3);
  return word;
}

function onOff(flags: Flags, name: string): boolean | undefined {
  const word = wordOf(flags, name, ['true', 'false']);
  return word === undefined ? undefined : word === 'true';
}

function filtersOf(flags: Flags, name: string, fallback: readonly string[]): readonly string[] {
  const texts = flags.texts(name);
  if (texts.length === 0) return fallback;
  if (!texts.every(isFilter)) throw new StartFailure(`-${name} takes ${FILTERS_EXPECTED}`, 3);
  return texts;
}
