/**
 * JSON bodies as existing clients send them: what stands behind the first value is ignored, of
 * duplicate keys the last one counts. Nesting is bounded before the parser sees the text, because
 * it and all later walks are recursive.
 */
import { ApiError, invalidArgument } from '../../../lib/errors/errors';
import { nestedTooDeeply, REQUEST_DEPTH, REQUEST_VALUES, tooManyValues } from '../rpc/request-size';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/**
 * The object in `body`; an empty body is an empty object. Throws 400; error texts never quote the
 * body.
 */
export function parseJsonBody(body: Buffer): JsonObject {
  const text = body.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '') return {};
  let value: Json;
  try {
    value = JSON.parse(text.slice(0, endOfFirstValue(text))) as Json;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw invalidArgument('The request body is not valid JSON.');
  }
  if (!isObject(value)) throw invalidArgument('The request body must be a JSON object.');
  return value;
}

/** Whether a JSON value is an object, neither array nor null. */
export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The index behind the first object or array, or the length for other values, which are refused
 * anyway. Throws 400 where the text nests too deeply or holds too many values.
 */
function endOfFirstValue(text: string): number {
  const start = text.search(/\S/);
  if (text[start] !== '{' && text[start] !== '[') return text.length;
  let depth = 0;
  let values = 0;
  /** Each value has at most one, and a key has another. */
  let strings = 0;
  /** Where the key of the top-level field begins, and ends. */
  let key: [number, number] = [start, start];
  for (let i = start; i < text.length; i = nextMark(text, i + 1)) {
    const c = text[i];
    if (c === '"') {
      const end = endOfString(text, i);
      if (depth === 1 && /\s*:/y.test(text.slice(end + 1, end + 20))) key = [i + 1, end];
      i = end;
      strings++;
    } else if (c === '{' || c === '[') {
      if (++depth > REQUEST_DEPTH) throw nestedTooDeeply('request body');
      values++;
    } else if (c === ',') values++;
    else if ((c === '}' || c === ']') && --depth === 0) return i + 1;
    if (values > REQUEST_VALUES || strings > 2 * REQUEST_VALUES + 1) throw tooManyValues(fieldName(text.slice(...key)));
  }
  return text.length;
}

/** Names of unknown fields are not repeated to whoever sent them. */
const fieldName = (key: string): string | undefined => (/^[a-z][a-z_]{0,63}$/.test(key) ? key : undefined);

const MARK = /["{}[\],]/g;

/** Index of the next character that counts, or the length. A long number is passed over at once. */
function nextMark(text: string, from: number): number {
  MARK.lastIndex = from;
  return MARK.exec(text)?.index ?? text.length;
}

/** Index of the quote that closes the string opened at `from`, or the length. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let start = end;
    while (text[start - 1] === '\\') start--;
    if ((end - start) % 2 === 0) return end;
  }
  return text.length;
}
