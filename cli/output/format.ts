/** How single values look in tables. */

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (n: number): string => String(n).padStart(2, '0');

/** `Tue, 24 Jan 2023 17:09:53 MST`, in the zone of this machine. */
export function localTime(text: string): string {
  const t = new Date(text);
  if (Number.isNaN(t.getTime())) return text;
  const day = `${WEEKDAYS[t.getDay()]}, ${two(t.getDate())} ${MONTHS[t.getMonth()]} ${t.getFullYear()}`;
  return `${day} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())} ${zone(t)}`;
}

/** The same in UTC, whatever the zone of this machine. */
export function utcTime(text: string): string {
  const t = new Date(text);
  if (Number.isNaN(t.getTime())) return text;
  const day = `${WEEKDAYS[t.getUTCDay()]}, ${two(t.getUTCDate())} ${MONTHS[t.getUTCMonth()]} ${t.getUTCFullYear()}`;
  return `${day} ${two(t.getUTCHours())}:${two(t.getUTCMinutes())}:${two(t.getUTCSeconds())} UTC`;
}

/** `2023-01-24 17:09:53.12 +0000 UTC`. */
export function longTime(text: string): string {
  const t = new Date(text);
  if (Number.isNaN(t.getTime())) return text;
  const [date, time] = t.toISOString().slice(0, -1).split('T');
  return `${date} ${time!.replace(/0+$/, '').replace(/\.$/, '')} +0000 UTC`;
}

// Loading the zone names takes some milliseconds, so only where the zone is not UTC.
function zone(t: Date): string {
  if (t.getTimezoneOffset() === 0 && /^(|UTC|Etc\/UTC)$/.test(process.env.TZ ?? '')) return 'UTC';
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(t);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
}

/** `["a" "b"]` for lists of text whose type is known. */
export const quotedList = (values: readonly unknown[]): string =>
  `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;

/** A value of free-form attributes. */
export function attributeValue(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(attributeValue).join(' ')}]`;
  if (typeof value === 'object') return `\n${JSON.stringify(value, null, 2)}`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
