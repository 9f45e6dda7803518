import { visible } from '../../lib/text/visible';

/**
 * Compact JSON, one document a line. `<`, `>` and `&` are escaped, so that the text may stand in
 * HTML, and so is what must not reach a terminal; the values are the same.
 */
export function jsonLine(value: unknown): string {
  return visible(JSON.stringify(value)).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}
