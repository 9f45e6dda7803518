/**
 * Limits how many values a request may hold. A small message can make many values, and each costs
 * more than its bytes. The gRPC and the HTTP side refuse alike, before anything is decoded.
 */
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { invalidArgument, type ApiError } from '../../../lib/errors/errors';
import { limit } from '../../../lib/limits/limit';

export const REQUEST_VALUES = limit('values of a request', 10_000, {
  what: 'values of a request: elements of its lists, keys of its objects, fields',
  unit: 'values',
  reached: '400, naming the field; the remedy is several requests',
  test: 'services/controller/rpc/request-size.test.ts: a request has so many values at most',
});

/** Deepest nesting of objects and lists that is taken. */
export const REQUEST_DEPTH = limit('nesting of a request', 64, {
  what: 'nesting of the objects and lists of a request',
  unit: 'levels',
  reached: '400',
  test: 'services/controller/rpc/request-size.test.ts: a request nests so deeply at most',
});

/** `field`: the one that went too far; undefined where it has no known name. */
export function tooManyValues(field: string | undefined): ApiError {
  const description = `A request has at most ${REQUEST_VALUES} values in all: send several.`;
  if (field === undefined) return invalidArgument(`The request has more than ${REQUEST_VALUES} values.`);
  return invalidArgument('Error in provided request.', [{ name: field, description }]);
}

export const nestedTooDeeply = (what: string): ApiError =>
  invalidArgument(`The ${what} is nested deeper than ${REQUEST_DEPTH}.`);

/** A value of JSON takes up to four fields on the wire: entry, key, value and its kind. */
const PARTS = 4;
/** Likewise a level takes up to three messages. */
const MAX_MESSAGES = REQUEST_DEPTH * 3;

/**
 * Counts the values of an encoded message, up to the limit. Throws 400. Bytes that are no message
 * pass.
 */
export function checkRequestSize(input: DescMessage, bytes: Uint8Array): void {
  new Walk(bytes).message(input, 0, bytes.length, 0);
}

class Walk {
  private parts = 0;
  private at = 0;
  private topField: string | undefined;

  constructor(private readonly bytes: Uint8Array) {}

  message(message: DescMessage, from: number, to: number, depth: number): void {
    if (depth > MAX_MESSAGES) throw nestedTooDeeply('request');
    const weight = message.typeName === 'google.protobuf.Value' ? 1 : PARTS;
    for (this.at = from; this.at < to;) {
      const tag = this.varint();
      const field = fieldOf(message, tag >>> 3);
      if (depth === 0) this.topField = field?.name;
      this.count(weight);
      this.skip(tag & 7, (start, end) => this.inside(field, start, end, depth + 1));
    }
  }

  private count(parts: number): void {
    this.parts += parts;
    if (this.parts > REQUEST_VALUES * PARTS) throw tooManyValues(this.topField);
  }

  private inside(field: DescField | undefined, start: number, end: number, depth: number): void {
    if (field?.fieldKind === 'map') this.entry(field, start, end, depth);
    else if (field?.message !== undefined) this.message(field.message, start, end, depth);
  }

  /** Key and value of a map. */
  private entry(field: DescField & { fieldKind: 'map' }, start: number, end: number, depth: number): void {
    for (this.at = start; this.at < end;) {
      const tag = this.varint();
      this.count(1);
      this.skip(tag & 7, (from, to) => {
        if (tag >>> 3 === 2 && field.message !== undefined) this.message(field.message, from, to, depth + 1);
      });
    }
  }

  /** Moves behind the value of a field; `look` gets to see what has a length. */
  private skip(wireType: number, look: (start: number, end: number) => void): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.at += 8;
    else if (wireType === 5) this.at += 4;
    else if (wireType === 2) {
      const length = this.varint();
      const start = this.at;
      const end = Math.min(start + length, this.bytes.length);
      look(start, end);
      this.at = end;
    }
  }

  private varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value >>> 0;
  }
}

const byNumber = new WeakMap<DescMessage, Map<number, DescField>>();

function fieldOf(message: DescMessage, number: number): DescField | undefined {
  let fields = byNumber.get(message);
  if (fields === undefined) {
    fields = new Map(message.fields.map((field) => [field.number, field]));
    byNumber.set(message, fields);
  }
  return fields.get(number);
}
