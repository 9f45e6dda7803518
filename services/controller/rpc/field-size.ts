/**
 * Limits the size of one field of a request. Requests add up in lists, and a list page has at least
 * one item. The fields of an item together must therefore stay below what clients take in one
 * message.
 */
import { invalidArgument } from '../../../lib/errors/errors';
import { limit } from '../../../lib/limits/limit';

export const FIELD_BYTES = limit('bytes of a field of a request', 524_288, {
  what: 'bytes of one field of a request: a text, or all elements of a list or object; many fields have less',
  unit: 'bytes',
  reached: '400, naming the field',
  test: 'test/integration/text-limits.test.ts: a field has so many bytes at most',
});

/** Characters of a name that are repeated: callers choose those of attributes. */
const NAME_SHOWN = 100;

/**
 * Throws 400. `request` is decoded; the fields of `item` and of `attributes` count by themselves.
 */
export function checkFieldSizes(request: object): void {
  for (const [key, value] of Object.entries(request)) {
    if (key === 'item' && isObject(value)) checkFieldSizes(value);
    else if (key === 'attributes' && isObject(value)) checkFields(value, 'attributes.');
    // Ids of requests have a form of their own, and an error that clients know.
    else if (typeof value !== 'string' || !/(^|_)id$/.test(key)) checkField(key, value);
  }
}

function checkFields(fields: object, path: string): void {
  for (const [key, value] of Object.entries(fields)) checkField(`${path}${key}`, value);
}

function checkField(name: string, value: unknown): void {
  if (bytesOf(value, FIELD_BYTES) <= FIELD_BYTES) return;
  const description = `This field has at most ${FIELD_BYTES} bytes.`;
  throw invalidArgument('Error in provided request.', [{ name: name.slice(0, NAME_SHOWN), description }]);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Counts no further than `enough`. */
function bytesOf(value: unknown, enough: number): number {
  if (typeof value === 'string') return value.length > enough ? value.length : Buffer.byteLength(value);
  if (value instanceof Uint8Array) return value.length;
  if (!isObject(value)) return 0;
  let sum = 0;
  for (const [key, inner] of Object.entries(value)) {
    sum += (Array.isArray(value) ? 0 : key.length) + bytesOf(inner, enough - sum);
    if (sum > enough) break;
  }
  return sum;
}
