import { visible } from '../../lib/text/visible';

/**
 * Compact JSON, one document per line. `<`, `>` and `&` are escaped so that the text may be part of
 * HTML, and so is everything that must not reach a terminal. The values are the same.
 */
export function jsonLine(value: unknown): string {
  return visible(JSON.stringify(value)).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}
