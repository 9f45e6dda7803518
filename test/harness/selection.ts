/** What a run is asked for: whatever selects nothing is an error that names what there is. */
import { parseArgs } from 'node:util';

/**
 * Those of which a label has `only` in it, whatever the case; throws with all labels when there is
 * none.
 */
export function choose<T>(
  items: readonly T[],
  only: string | undefined,
  { what, labels }: { what: string; labels: (item: T) => readonly string[] },
): readonly T[] {
  const wanted = only?.toLowerCase() ?? '';
  const chosen = items.filter((item) => labels(item).some((label) => label.toLowerCase().includes(wanted)));
  if (chosen.length > 0) return chosen;
  const names = items.map((item) => `  ${labels(item).join(': ')}`).join('\n');
  throw new Error(`no ${what} has "${only}" in its name; there are:\n${names}`);
}

/** A whole number from `least` on. */
export function wholeNumber(flag: string, text: string, least = 0): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw new Error(`--${flag} takes a whole number from ${least}, not "${text}"`);
  return Number(text);
}

/** For runs that always do everything: an argument would be without effect. */
export function noArguments(): void {
  parseArgs({ options: {} });
}
