/**
 * The update mask of a PATCH whose caller states none: one path for each leaf of the body, `null`
 * included, since it clears. Lists and maps are leaves; fields of a type (`attributes`) are named
 * one level deep.
 */
import type { DescMessage } from '@bufbuild/protobuf';
import { invalidArgument } from '../../../lib/errors/errors';
import { isObject, type JsonObject } from './json-body';

/**
 * Throws 400 for keys that `message` does not have: a misspelled field must not be taken for "leave
 * as it is".
 */
export function maskOfBody(message: DescMessage, json: JsonObject): string[] {
  const unknown: string[] = [];
  const paths = pathsOf(message, json, '', unknown);
  if (unknown.length > 0) {
    throw invalidArgument(
      'Error in provided request.',
      unknown
        .slice(0, MAX_UNKNOWN_SHOWN)
        .map((name) => ({ name: name.slice(0, MAX_NAME_SHOWN), description: 'Unknown field.' })),
    );
  }
  return paths;
}

/** Unknown fields that one answer lists. */
const MAX_UNKNOWN_SHOWN = 20;
/** Characters of an unknown field's name that are repeated to the caller. */
const MAX_NAME_SHOWN = 100;

function pathsOf(message: DescMessage, json: JsonObject, prefix: string, unknown: string[]): string[] {
  return Object.entries(json).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    const field = message.fields.find((f) => f.name === key);
    if (field === undefined) {
      unknown.push(path);
      return [];
    }
    if (field.fieldKind !== 'message' || !isObject(value)) return [path];
    if (field.message.typeName === 'google.protobuf.Struct') return Object.keys(value).map((k) => `${path}.${k}`);
    if (field.message.typeName.startsWith('google.protobuf.')) return [path];
    return pathsOf(field.message, value, `${path}.`, unknown);
  });
}
