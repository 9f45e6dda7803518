/**
 * Log lines in other forms than one JSON object a line: for people, and as CloudEvents. Every line
 * is an event of one kind: audit (decisions of the authorization point), observation (requests),
 * error, or system for the rest.
 */
import { randomUUID } from 'node:crypto';
import { compileFilter, type Filter } from '../filter/filter';
import { visible } from '../text/visible';

export const LOG_FORMATS = ['json', 'standard', 'cloudevents-json', 'cloudevents-text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/**
 * Expressions over `/type` and `/data/<key of the line>`. A line passes when it matches one to
 * allow and none to deny.
 */
export interface LineFilters {
  allow: readonly string[];
  deny: readonly string[];
}

type Line = Record<string, unknown> & { time?: string; level?: number; name?: string; msg?: string };
type LineKind = 'audit' | 'observation' | 'error' | 'system';

/** pino's number of the level "error". */
const ERROR_LEVEL = 50;
const LEVEL_NAMES: Record<number, string> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

const kindOf = (line: Line): LineKind =>
  line['type'] === 'audit' || line['type'] === 'observation'
    ? line['type']
    : (line.level ?? 0) >= ERROR_LEVEL
      ? 'error'
      : 'system';

/** From a JSON line, with its end, to the text to write; empty when it is filtered out. */
export function lineWriter(format: LogFormat, filters: LineFilters): (json: string) => string {
  // In dev mode this goes to a terminal; for programs it is the same JSON as before.
  if (format === 'json' && filters.allow.length === 0 && filters.deny.length === 0) return visible;
  const [allow, deny] = [filters.allow, filters.deny].map((texts) => texts.map((text) => compileFilter(text))) as [
    Filter[],
    Filter[],
  ];
  return (json) => {
    const data = JSON.parse(json) as Line;
    const event = { type: kindOf(data), data };
    if (allow.length > 0 && !allow.some((filter) => filter.evaluate(event) === true)) return '';
    if (deny.some((filter) => filter.evaluate(event) === true)) return '';
    return visible(format === 'json' ? json : format === 'standard' ? standard(data) : cloudEvent(event, format));
  };
}

/** `2030-01-02T03:04:05.000Z [INFO]  controller: request: method=Get code=OK` */
function standard({ time, level = 30, name, msg, pid: _, ...rest }: Line): string {
  const values = Object.entries(rest).map(([key, value]) => ` ${key}=${plain(value)}`);
  const label = `[${LEVEL_NAMES[level] ?? level}]`.padEnd(7);
  return `${time ?? ''} ${label} ${name ?? ''}: ${plain(msg ?? '', true)}${values.length > 0 ? ':' : ''}${values.join('')}\n`;
}

/** A value on one line; quoted where it could be taken for several. */
function plain(value: unknown, isMessage = false): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return (isMessage ? /^[^\p{C}]*$/u : /^[^\s="\p{C}]+$/u).test(value) ? value : JSON.stringify(value);
}

function cloudEvent({ type, data }: { type: LineKind; data: Line }, format: LogFormat): string {
  const { time, name, ...rest } = data;
  const event = {
    id: randomUUID(),
    source: `/sallyport/${name ?? ''}`,
    specversion: '1.0',
    type,
    data: rest,
    datacontenttype: 'application/json',
    time,
  };
  return `${JSON.stringify(event, undefined, format === 'cloudevents-text' ? 2 : undefined)}\n`;
}
