/**
 * Durations as Go writes them (`1h30m`, `250ms`, `-5s`), or bare seconds: the same in files, flags
 * and variables.
 */
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = '(\\d+(?:\\.\\d*)?|\\.\\d+)(ns|us|µs|ms|s|m|h)';
const WHOLE = new RegExp(`^([+-]?)(?:${PART})+$`);

/** Milliseconds; undefined when the text is no duration, or one that no number holds. */
export function parseDuration(text: string): number | undefined {
  const full = /[smh]$/.test(text) ? text : `${text}s`;
  const sign = WHOLE.exec(full)?.[1];
  if (sign === undefined) return undefined;
  let total = 0;
  for (const [, amount, unit] of full.matchAll(new RegExp(PART, 'g'))) total += Number(amount) * UNIT_MS[unit!]!;
  // Beyond that no number is exact.
  if (total > Number.MAX_SAFE_INTEGER) return undefined;
  return sign === '-' ? -total : total;
}
