/**
 * Sorts with pauses for others: one call of the built-in sort holds the event loop until it is
 * done.
 */
import type { Work } from './work';

/** Items that are sorted at a stretch. */
const RUN = 2_048;
/** Steps of a comparison. */
const COMPARING = 20;
/** Comparisons between two looks at the work. */
const LOOK = 256;

/**
 * The items in order, those that are equal in the order they came in. Charges each comparison, with
 * pauses.
 */
export async function sorted<T>(items: readonly T[], compare: (a: T, b: T) => number, work: Work): Promise<T[]> {
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += RUN) {
    work.charge(COMPARING * RUN * Math.log2(RUN));
    if (work.isDue) await work.breathe();
    runs.push(items.slice(at, at + RUN).sort(compare));
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) merged.push(await merge(runs[i]!, runs[i + 1] ?? [], compare, work));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number, work: Work): Promise<T[]> {
  const merged: T[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (merged.length % LOOK === 0) {
      work.charge(COMPARING * LOOK);
      if (work.isDue) await work.breathe();
    }
    const first = j === b.length || (i < a.length && compare(a[i]!, b[j]!) <= 0);
    merged.push(first ? a[i++]! : b[j++]!);
  }
  return merged;
}
