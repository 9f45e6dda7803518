/** Durations as Go writes them (`1h30m`, `250ms`), or bare seconds. */
const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds; undefined when the text is no duration, or one that no number holds. */
export function parseDuration(text: string): number | undefined {
  const ms = milliseconds(text);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

function milliseconds(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) total += Number(number) * UNITS[unit!]!;
  return Math.round(total);
}
