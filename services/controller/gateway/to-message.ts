/**
 * JSON and query parameters to protobuf: first a walk along the descriptor that keeps the known
 * fields, checks each value and names the field that is wrong, then the canonical conversion to
 * wire bytes, which the generated code decodes. Only the field names of the protos count; unknown
 * fields are left out unless the caller asks for them.
 */
import {
  ScalarType,
  fromJson,
  toBinary,
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonValue,
  type Registry,
} from '@bufbuild/protobuf';
import type { FieldError } from '../../../lib/errors/error-body';
import { invalidArgument, type ApiError } from '../../../lib/errors/errors';
import { isObject, type Json, type JsonObject } from './json-body';

const REQUEST_ERROR = 'Error in provided request.';

/** A 400 about one field. */
export const badField = (name: string, description: string): ApiError =>
  invalidArgument(REQUEST_ERROR, [{ name, description }]);

/** Wire bytes of `input` filled from `json`, which {@link checkedJson} made. */
export function toBytes(input: DescMessage, json: JsonObject, registry: Registry): Uint8Array {
  try {
    return toBinary(input, fromJson(input, json as JsonValue, { registry, ignoreUnknownFields: true }));
  } catch (cause) {
    // The walk has named all errors that it can. What is left are malformed times and texts that
    // are not Unicode.
    const name = /(?:\.|field )([a-z_0-9]+) from JSON/.exec((cause as Error).message)?.[1];
    if (name !== undefined) throw badField(name, 'This field has a value of the wrong type or form.');
    throw invalidArgument(REQUEST_ERROR);
  }
}

/**
 * Copy of `json` with only the fields of `message`, each of an acceptable type. Throws 400 with all
 * wrong fields.
 */
export function checkedJson(message: DescMessage, json: JsonObject): JsonObject {
  const errors: FieldError[] = [];
  const checked = walk(message, json, '', errors);
  if (errors.length > 0) throw invalidArgument(REQUEST_ERROR, errors);
  return checked;
}

/** Field errors that one answer lists. */
const MAX_ERRORS = 20;

/** Adds an error, once for each field: a long list of wrong items is one mistake. */
function report(errors: FieldError[], name: string, expected: string): void {
  if (errors.length >= MAX_ERRORS || errors[errors.length - 1]?.name === name) return;
  errors.push({ name, description: `This field must be ${expected}.` });
}

function walk(message: DescMessage, json: JsonObject, path: string, errors: FieldError[]): JsonObject {
  const checked: JsonObject = {};
  for (const field of message.fields) {
    const value = Object.hasOwn(json, field.name) ? json[field.name] : undefined;
    // Null is "no value" in proto3 JSON.
    if (value !== undefined && value !== null) setField(checked, field, value, `${path}${field.name}`, errors);
  }
  return checked;
}

function setField(into: JsonObject, field: DescField, value: Json, path: string, errors: FieldError[]): void {
  const one = (item: Json): Json => checkedValue(field, item, path, errors);
  const wrong = (expected: string): void => report(errors, path, expected);
  if (field.fieldKind === 'list') {
    if (!Array.isArray(value)) return wrong('a list');
    into[field.name] = value.map(one);
  } else if (field.fieldKind === 'map') {
    if (!isObject(value)) return wrong('an object');
    into[field.name] = Object.fromEntries(Object.entries(withoutProto(value)).map(([key, item]) => [key, one(item)]));
  } else {
    into[field.name] = one(value);
  }
}

function checkedValue(field: DescField, value: Json, path: string, errors: FieldError[]): Json {
  if (field.message !== undefined && !field.message.typeName.startsWith('google.protobuf.')) {
    if (isObject(value)) return walk(field.message, value, `${path}.`, errors);
    report(errors, path, 'an object');
    return {};
  }
  const expected =
    field.message !== undefined
      ? wellKnownMismatch(field.message.typeName, value)
      : field.enum !== undefined
        ? enumMismatch(field.enum, value)
        : scalarMismatch(field.scalar, value);
  if (expected !== undefined) report(errors, path, expected);
  return isObject(value) ? withoutProto(value) : value;
}

/** RFC 3339. Years outside 0001 to 9999 are refused by the conversion. */
const TIME = /^(?!0000)\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

function wellKnownMismatch(typeName: string, value: Json): string | undefined {
  switch (typeName) {
    case 'google.protobuf.Timestamp':
      return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value))
        ? undefined
        : 'a time such as "2006-01-02T15:04:05Z"';
    case 'google.protobuf.Struct':
      return isObject(value) ? undefined : 'an object';
    case 'google.protobuf.FieldMask':
      return typeof value === 'string' ? undefined : 'a list of field names, separated by commas';
    default:
      return undefined;
  }
}

function enumMismatch(of: DescEnum, value: Json): string | undefined {
  const known =
    typeof value === 'string'
      ? of.values.some((v) => v.name === value)
      : typeof value === 'number' && value in of.value;
  return known ? undefined : `one of ${of.values.map((v) => v.name).join(', ')}`;
}

const INT32: [bigint, bigint] = [-(2n ** 31n), 2n ** 31n - 1n];
const UINT32: [bigint, bigint] = [0n, 2n ** 32n - 1n];
const INT64: [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
const UINT64: [bigint, bigint] = [0n, 2n ** 64n - 1n];

const INTEGERS = new Map<ScalarType, [bigint, bigint]>([
  [ScalarType.INT32, INT32],
  [ScalarType.SINT32, INT32],
  [ScalarType.SFIXED32, INT32],
  [ScalarType.UINT32, UINT32],
  [ScalarType.FIXED32, UINT32],
  [ScalarType.INT64, INT64],
  [ScalarType.SINT64, INT64],
  [ScalarType.SFIXED64, INT64],
  [ScalarType.UINT64, UINT64],
  [ScalarType.FIXED64, UINT64],
]);

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * What a value must be when it is not acceptable for a scalar field. Numbers may come as strings.
 */
function scalarMismatch(type: ScalarType, value: Json): string | undefined {
  const range = INTEGERS.get(type);
  if (range !== undefined) {
    const number = integerOf(value);
    const fits = number !== undefined && number >= range[0] && number <= range[1];
    return fits ? undefined : `a whole number from ${range[0]} to ${range[1]}`;
  }
  switch (type) {
    case ScalarType.STRING:
      return typeof value !== 'string' ? 'a string' : LONE_SURROGATE.test(value) ? 'valid Unicode' : undefined;
    case ScalarType.BOOL:
      return typeof value === 'boolean' ? undefined : 'true or false';
    case ScalarType.BYTES:
      return typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value) ? undefined : 'base64 text';
    default:
      return typeof value === 'number' || (typeof value === 'string' && Number.isFinite(Number(value)))
        ? undefined
        : 'a number';
  }
}

function integerOf(value: Json): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  // 20 digits are the longest 64-bit number; longer texts would only cost time.
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** `__proto__` as a key would set the prototype of the objects that decoders build. */
function withoutProto(object: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const [key, value] of Object.entries(object)) {
    if (key !== '__proto__') copy[key] = clean(value);
  }
  return copy;
}

const clean = (value: Json): Json =>
  Array.isArray(value) ? value.map(clean) : isObject(value) ? withoutProto(value) : value;
