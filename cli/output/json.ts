/** Compact JSON, one document a line. `<`, `>` and `&` are escaped, so that the text may stand in HTML. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
