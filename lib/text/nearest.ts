/** The nearest of some words to a mistyped one. */

/** More changes than this make two words unrelated. */
const MAX_DISTANCE = 3;

/** Undefined when no candidate is near; a candidate that starts with the word counts as near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; distance: number } | undefined;
  const limit = Math.min(MAX_DISTANCE, Math.max(1, Math.floor(word.length / 3)));
  for (const candidate of candidates) {
    const started = word.length >= 3 && candidate.startsWith(word);
    // The distance is at least the difference of the lengths, and costs their product.
    if (!started && Math.abs(word.length - candidate.length) > limit) continue;
    const distance = started ? 1 : editDistance(word, candidate);
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Levenshtein distance; swapping two neighbors counts once. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
