/** Blocks of text that the server commands print. */

/**
 * Right-aligned on the colon and sorted without regard to case, two columns in from the longest
 * label.
 */
export function configurationBlock(items: [label: string, value: string][]): string {
  const width = Math.max(...items.map(([label]) => label.length)) + 2;
  const sorted = [...items].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  return sorted.map(([label, value]) => `${label.padStart(width + 2)}: ${value}\n`).join('');
}

/** A heading and its sorted labels; values start six columns behind the longest label. */
export function informationBlock(heading: string, items: Record<string, string | number>): string {
  const width = Math.max(...Object.keys(items).map((label) => label.length)) + 6;
  const lines = Object.entries(items)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `  ${label}:`.padEnd(width) + String(value));
  return `\n${heading}\n${lines.join('\n')}\n`;
}

/** One listener as Boundary's block shows it: properties sorted and quoted. */
export function listenerLine(properties: Record<string, string>): string {
  const sorted = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
  return `tcp (${sorted.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(', ')})`;
}
