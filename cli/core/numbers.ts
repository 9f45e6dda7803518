/** Numbers and durations as flags and variables spell them. All return undefined for text that is none. */

/** Decimal, or hexadecimal, octal and binary with `0x`, `0o` and `0b`; a sign may precede. */
export function parseInteger(text: string): number | undefined {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[0-9]+)$/.exec(text);
  if (match === null) return undefined;
  const digits = match[2]!;
  const octal = /^0[0-7]+$/.test(digits);
  const value = Number(octal ? `0o${digits.slice(1)}` : digits);
  if (!Number.isSafeInteger(value)) return undefined;
  return match[1] === '-' ? -value : value;
}

const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of `1h30m`, `45s` or `90` (seconds); `system` is one second below zero. */
export function parseDuration(text: string): number | undefined {
  if (text === 'system') return -1000;
  const full = /[smh]$/.test(text) ? text : `${text}s`;
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|ms|s|m|h))+$/.exec(full);
  if (match === null) return undefined;
  let total = 0;
  for (const [, amount, unit] of full.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|ms|s|m|h)/g))
    total += Number(amount) * UNIT_MS[unit!]!;
  // Beyond that no number is exact.
  if (total > Number.MAX_SAFE_INTEGER) return undefined;
  return match[1] === '-' ? -total : total;
}

const BOOLEANS: Record<string, boolean> = Object.fromEntries([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true]),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false]),
]) as Record<string, boolean>;

export const parseBoolean = (text: string): boolean | undefined =>
  Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined;
