/**
 * Numbers and durations in the spelling of flags and variables. All functions return undefined for
 * other texts.
 */
import { parseDuration as parsePlainDuration } from '../../lib/config/duration';

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

/** Milliseconds of a duration; `system` is one second below zero. */
export const parseDuration = (text: string): number | undefined =>
  text === 'system' ? -1_000 : parsePlainDuration(text);

const BOOLEANS: Record<string, boolean> = Object.fromEntries([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true]),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false]),
]) as Record<string, boolean>;

export const parseBoolean = (text: string): boolean | undefined =>
  Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined;
